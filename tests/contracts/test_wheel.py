"""What people install: the wheel alone, in an empty environment, serves the desk."""

import os
import queue
import re
import signal
import site
import subprocess
import sys
import threading
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READY = re.compile(
    r"^ready dashboard=(?P<dashboard>http://\S+) agents=(?P<agents>http://\S+)$"
)
START_SECONDS = 120
STOP_SECONDS = 60


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            folder,
            ROOT,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel and none of this checkout."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=False)
    python = environment / "bin/python"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
            *("--no-index", "--no-deps", "--disable-pip-version-check", wheel),
        ],
        check=True,
        capture_output=True,
    )
    _lend_dependencies(python)
    return environment / "bin"


def _lend_dependencies(python: Path) -> None:
    """Make the packages that are installed here importable there, but not this checkout.

    A line of a `.pth` file adds a folder to the path without reading the `.pth` files in it,
    and the editable install of this checkout is one of those.
    """
    target = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    lent = "\n".join(site.getsitepackages([sys.prefix]))
    (Path(target) / "lent_dependencies.pth").write_text(lent + "\n")


@pytest.fixture
def instance_environment(tmp_path: Path) -> dict[str, str]:
    """Settings of an instance of its own, with nothing of ours in them."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}}
    return kept | {
        "HOME": str(tmp_path),
        "COUNTERSIGN_INSTANCE": str(tmp_path / "instance"),
        "COUNTERSIGN_BIND": "127.0.0.1:0",
        "COUNTERSIGN_AGENT_BIND": "127.0.0.1:0",
    }


@pytest.fixture
def desk_url(
    installed: Path, instance_environment: dict[str, str], tmp_path: Path
) -> Iterator[str]:
    """The dashboard's address of a server started as in the README."""
    log = tmp_path / "server.log"
    with log.open("w") as errors:
        server = subprocess.Popen(
            [installed / "countersign", "serve"],
            env=instance_environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        yield _ready_address(server, log)
        server.send_signal(signal.SIGTERM)
        assert server.wait(STOP_SECONDS) == 0, log.read_text()
    finally:
        # Whatever went wrong, nothing of it keeps running; the group may be gone already.
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        assert server.stdout is not None
        server.stdout.close()


def _ready_address(server: "subprocess.Popen[str]", log: Path) -> str:
    lines: queue.Queue[str] = queue.Queue()
    assert server.stdout is not None
    output = server.stdout

    def read() -> None:
        for line in output:
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    said = []
    while True:
        line = lines.get(timeout=START_SECONDS)
        said.append(line)
        if found := READY.match(line):
            return found["dashboard"]
        if not line:
            pytest.fail(f"the server ended before it was ready:\n{said}\n{log.read_text()}")


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=START_SECONDS) as answer:  # noqa: S310 - our own server
        body: bytes = answer.read()
        return body


def test_the_wheel_holds_all_that_a_server_needs(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        f"webui/_assets/{path.relative_to(ROOT)}"
        for folder in ("templates", "static")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    expected |= {
        str(path.relative_to(base))
        for base, package in ((ROOT, "webui"), (ROOT / "client", "countersign_client"))
        for path in (base / package).rglob("*")
        if path.suffix in {".py", ".mako", ".typed", ".yaml"}
    }
    assert expected - held == set()
    assert any("/migrations/versions/0001" in name for name in held)


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    folders = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {
        "webui",
        "countersign_client",
    }


def test_the_installed_program_is_not_this_checkout(
    installed: Path, tmp_path: Path
) -> None:
    places = subprocess.run(
        [
            installed / "python",
            "-c",
            "import webui, countersign_client; print(webui.__file__, countersign_client.__file__)",
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    for place in places.stdout.split():
        assert Path(place).is_relative_to(installed.parent)


def test_the_installed_program_serves(desk_url: str) -> None:
    assert fetch(f"{desk_url}/healthz")
    page = fetch(f"{desk_url}/sign-in").decode()
    (address,) = re.findall(r'href="(/static/[^"]*app\.css)"', page)
    style = fetch(f"{desk_url}{address}")
    assert style == (ROOT / "static/app.css").read_bytes()
