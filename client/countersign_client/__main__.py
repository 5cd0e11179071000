"""`python -m countersign_client ask ...`: the shell's way to the desk, without the server."""

import sys

from countersign_client.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
