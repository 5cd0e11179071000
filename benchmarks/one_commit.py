"""The product, but with a commit of its own for each request: what group commit is worth."""

import sys
from typing import TYPE_CHECKING

from webui.configuration import load_settings
from webui.serve import Desk, serve

if TYPE_CHECKING:
    from webui.listeners import Bound
    from webui.settings import Settings


def build(settings: "Settings", bound: "Bound") -> Desk:
    """Return the whole product with batches of one."""
    from webui import start
    from webui.store import writer

    writer.BATCH = 1
    return start.build(settings, bound)


if __name__ == "__main__":
    sys.exit(serve(load_settings(), build))
