"""The browser and the database that the tests drive: where they are, and getting them.

    python scripts/test_programs.py               installs what is missing (as root), or says how
    python scripts/test_programs.py --opencode    the same, and OpenCode (180 MB) from npm
    python scripts/test_programs.py --engines     Firefox and WebKit too, where the archive has them

The tests' own fixtures look them up here too, so both agree on what "there" means.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HEADLESS_SHELL = "chromium-headless-shell"
"""The same Chromium without the windows that nobody sees: a test with it takes half the time."""
CHROMIUM_NAMES = (
    HEADLESS_SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
FIREFOX_NAMES = ("firefox-esr", "firefox")
WEBKIT_PACKAGES = ("webkit2gtk-driver", "gir1.2-webkit2-4.1", "python3-gi", "xvfb")
SYSTEM_PYTHON = "/usr/bin/python3"
"""The one for which the archive has WebKit's bindings."""
POSTGRES_FOLDERS = Path("/usr/lib/postgresql")
OPENCODE = Path(__file__).parents[1] / "tests/programs/opencode"


def find_chromium() -> Path | None:
    """Return the browser: `CHROMIUM_PATH` when set, else the system's."""
    named = os.environ.get("CHROMIUM_PATH")
    found = (shutil.which(name) for name in ([named] if named else CHROMIUM_NAMES))
    return next((Path(path) for path in found if path), None)


def find_firefox() -> Path | None:
    """Return Firefox: `FIREFOX_PATH` when set, else the system's."""
    named = os.environ.get("FIREFOX_PATH")
    found = (shutil.which(name) for name in ([named] if named else FIREFOX_NAMES))
    return next((Path(path) for path in found if path), None)


def find_webkit() -> tuple[Path, Path] | None:
    """Return WebKit's driver and a display without a screen, when its bindings are there too."""
    driver, display = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
    if driver is None or display is None or shutil.which(SYSTEM_PYTHON) is None:
        return None
    bound = _run(SYSTEM_PYTHON, "-c", "import gi; gi.require_version('WebKit2', '4.1')")
    return None if bound.returncode else (Path(driver), Path(display))


def install_engines() -> None:
    """Install the other two engines where the system's archive has them; else say what is not tried."""
    engines = (
        ("Firefox", find_firefox, FIREFOX_NAMES[:1]),
        ("WebKit", find_webkit, WEBKIT_PACKAGES),
    )
    for name, find, packages in engines:
        if find() is not None:
            continue
        command = ("apt-get", "install", "-y", *packages)
        if os.geteuid() == 0 and shutil.which("apt-get") is not None:
            print(f"Installing {name} ...", flush=True)
            _run("apt-get", "update")
            _run(*command)
        if find() is None:
            print(
                f"{name} is not here, so the desk is NOT TRIED in it. As root, once:\n"
                f"    {' '.join(command)}",
                file=sys.stderr,
            )


def find_postgres() -> Path | None:
    """Return the folder with `initdb` and `postgres`: from the PATH, else the newest packaged."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    packaged = sorted(
        (
            folder
            for folder in POSTGRES_FOLDERS.glob("*/bin")
            if (folder / "initdb").exists()
        ),
        key=lambda folder: float(folder.parent.name),
    )
    return packaged[-1] if packaged else None


def find_opencode() -> Path | None:
    """Return OpenCode's program, of the version in the lock file: the first that runs here."""
    for path in sorted(OPENCODE.glob("node_modules/opencode-*/bin/opencode")):
        with contextlib.suppress(OSError):
            done = subprocess.run([path, "--version"], capture_output=True, check=False)  # noqa: S603
            if done.returncode == 0:
                return path
    return None


def install_opencode() -> bool:
    """Install it with npm at the versions of the lock file; no script of a package is run.

    Not by `npm ci`: that wants the programs of every system in the lock file, and some mirrors
    hold those of one.
    """
    if find_opencode() is not None:
        return True
    print(
        "Installing OpenCode, some hundred MB, for `make sure` and `make proof` ...",
        flush=True,
    )
    npm = shutil.which("npm")
    if npm is None:
        print(
            "The bridge is tested against the real OpenCode, which npm installs, and npm is not\n"
            "here. As root, once:\n    apt-get update && apt-get install -y nodejs npm",
            file=sys.stderr,
        )
        return False
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(  # noqa: S603 - fixed words, no shell
        [npm, "install", "--no-save", *quiet],
        cwd=OPENCODE,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or find_opencode() is None:
        said = re.sub(r"https?://\S+", "(registry)", done.stdout + done.stderr)
        print(
            f"`npm install` in {OPENCODE} brought no OpenCode that runs:\n{said}",
            file=sys.stderr,
        )
        return False
    return True


def missing_packages() -> list[str]:
    """Return the system packages that would bring what is not there."""
    found = {"chromium": find_chromium(), "postgresql": find_postgres()}
    return [package for package, path in found.items() if path is None]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    quiet_env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(  # noqa: S603 - fixed words, no shell
        command, env=quiet_env, capture_output=True, text=True, check=False
    )


def _lightest(package: str) -> str:
    """Return the shell instead of the whole browser, where the system's archive has it."""
    if package == "chromium" and _run("apt-cache", "show", HEADLESS_SHELL).returncode == 0:
        return HEADLESS_SHELL
    return package


def install(packages: list[str]) -> bool:
    """Install with the system's package manager, quietly unless it fails."""
    done = _run("apt-get", "update")
    if done.returncode == 0:
        done = _run("apt-get", "install", "-y", *map(_lightest, packages))
    if done.returncode:
        # The addresses of somebody's mirror matter to nobody.
        said = re.sub(r"https?://\S+", "(mirror)", done.stdout + done.stderr)
        print(f"`{' '.join(done.args)}` failed:\n{said}", file=sys.stderr)
        return False
    still = missing_packages()
    if still:
        print(f"Installed, but still not found: {', '.join(still)}.", file=sys.stderr)
    return not still


def main() -> int:
    """Answer 0 when everything is there, 1 after saying what to do."""
    missing = missing_packages()
    if not missing:
        return 0
    named = os.environ.get("CHROMIUM_PATH")
    if named and "chromium" in missing:
        # No package mends this: the name would still be looked for, and nothing else.
        print(
            f"CHROMIUM_PATH names {named}, which is no program that can be run here.\n"
            "Name another one, or unset it to use the system's.",
            file=sys.stderr,
        )
        return 1
    command = f"apt-get update && apt-get install -y {' '.join(missing)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(
            f"The tests need {' and '.join(missing)}, which only root can install. As root, once:\n"
            f"    {command}\n"
            "A browser elsewhere is used when CHROMIUM_PATH names it, a PostgreSQL when its\n"
            "programs are on the PATH.",
            file=sys.stderr,
        )
        return 1
    print(f"Installing {' and '.join(missing)} ...", flush=True)
    return 0 if install(missing) else 1


if __name__ == "__main__":
    if "--engines" in sys.argv:
        install_engines()
    sys.exit(main() or ("--opencode" in sys.argv and not install_opencode()))
