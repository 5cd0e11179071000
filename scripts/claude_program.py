"""The real Claude Code that `make proof` drives: where it is, and getting it.

    python scripts/claude_program.py    installs the version that the tests were written for

`CLAUDE_PATH` names another one. It is somebody else's program under terms of its own, and is
installed for the tests alone.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "2.1.332"
FOLDER = Path(__file__).parents[1] / ".programs" / f"claude-code-{VERSION}"
MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


def find_claude() -> Path | None:
    """Return the program: `CLAUDE_PATH` when set, else the one that was installed here."""
    named = os.environ.get("CLAUDE_PATH")
    if named:
        found = shutil.which(named)
        return None if found is None else Path(found)
    machine = MACHINES.get(platform.machine(), "unknown")
    package = f"@anthropic-ai/claude-code-linux-{machine}"
    program = FOLDER / "node_modules" / package / "claude"
    return program if program.is_file() else None


def main() -> int:
    """Answer 0 when it is there, 1 after saying what to do."""
    if find_claude():
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print(
            f"The tests of Claude Code need version {VERSION}, and npm to get it. Install npm, "
            "or name\nthe program in CLAUDE_PATH.",
            file=sys.stderr,
        )
        return 1
    print(f"Installing Claude Code {VERSION} (400 MB) ...", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    command += ["--silent", "--prefix", str(FOLDER)]
    done = subprocess.run(  # noqa: S603 - fixed words, no shell
        [*command, f"@anthropic-ai/claude-code@{VERSION}"], check=False
    )
    return done.returncode or (0 if find_claude() else 1)


if __name__ == "__main__":
    sys.exit(main())
