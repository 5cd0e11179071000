"""What every test may ask for; the fixtures are in `plugins/`, one noun a file.

To add some, add `plugins/<noun>.py`: it is found by itself.
"""

from pathlib import Path

pytest_plugins = [
    f"tests.plugins.{path.stem}"
    for path in sorted((Path(__file__).parent / "plugins").glob("*.py"))
]
