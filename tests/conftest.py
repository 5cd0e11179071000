"""What every test may ask for; the fixtures are in `plugins/`, one noun a file.

To add some, add `plugins/<noun>.py`: it is found by itself.
"""

import gc
import resource
from pathlib import Path

# Nothing that importing and collecting makes is ever garbage; looking for some is a third of
# their time. `plugins/thrift.py` turns it on again for the tests.
gc.disable()

# A thousand agents are a thousand open files, and a login shell often allows 1024 of them.
_SOFT, _HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
if _SOFT != resource.RLIM_INFINITY:
    resource.setrlimit(resource.RLIMIT_NOFILE, (_HARD, _HARD))

pytest_plugins = [
    f"tests.plugins.{path.stem}"
    for path in sorted((Path(__file__).parent / "plugins").glob("*.py"))
]
