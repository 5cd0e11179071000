"""One server for each SQLite file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from webui.store.owner import LOCK, OwnedError, hold, is_held

HOLDER = """
import sys
from pathlib import Path
from webui.store.owner import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_told_what_to_do(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    held = hold(tmp_path)
    assert is_held(tmp_path)
    with pytest.raises(OwnedError, match="COUNTERSIGN_INSTANCE"):
        hold(tmp_path)
    os.close(held)
    assert not is_held(tmp_path)
    assert (tmp_path / LOCK).stat().st_mode & 0o777 == 0o600
    os.close(hold(tmp_path))


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(tmp_path)
        holder.kill()
    assert not is_held(tmp_path)
