"""What every test may ask for; the fixtures are in `plugins/`, one noun a file.

To add some, add `plugins/<noun>.py`: it is found by itself.
"""

import resource
from pathlib import Path

# A thousand agents are a thousand open files, and a login shell often allows 1024 of them.
_SOFT, _HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
if _SOFT != resource.RLIM_INFINITY:
    resource.setrlimit(resource.RLIMIT_NOFILE, (_HARD, _HARD))

pytest_plugins = [
    f"tests.plugins.{path.stem}"
    for path in sorted((Path(__file__).parent / "plugins").glob("*.py"))
]
