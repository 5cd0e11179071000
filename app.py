"""The entry for a WSGI server: one callable for both listeners.

`countersign serve` starts it with everything it needs around it; see `webui.serve`.
"""

from webui.start import create_app

app = create_app()
