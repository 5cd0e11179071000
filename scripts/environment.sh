#!/bin/sh
# Makes or mends .venv so that it holds one of the lock files and this checkout.
#   scripts/environment.sh run     what the server needs
#   scripts/environment.sh test    that, and what the tests need
# Does nothing, and asks no network, when the environment is already as the lock file says.
set -eu
cd "$(dirname "$0")/.."
lock=$1

# From where pip fetches is its owner's to say; what it installs and into which Python is not.
# Variables win over a configuration file, so the first three are set, not unset.
export PIP_USER=0 PIP_REQUIRE_HASHES=0 PIP_CONSTRAINT=/dev/null
unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_DRY_RUN PYTHONPATH PYTHONHOME

stop() { printf '%s\n' "$@" >&2; exit 1; }

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  # A name from the caller is a decision, not a hint: take it or say what is wrong with it.
  for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if command -v "$name" >/dev/null && suits "$name"; then command -v "$name"; return; fi
  done
  stop "Countersign needs Python 3.11 or newer; ${PYTHON:-python3} is $(${PYTHON:-python3} --version 2>&1 || true)." \
    'Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12 ...'
}

# Debian and Ubuntu keep the part of Python that makes environments in a package of its own.
install_venv_package() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  else
    stop 'This Python cannot make environments. As root: apt-get install python3-venv'
  fi
}

# Two of our commands may start at once in two terminals; the second waits for the first.
if command -v flock >/dev/null; then exec 9<pyproject.toml; flock 9; fi

if [ -e .venv ] && [ ! -w .venv ]; then
  stop "$PWD/.venv belongs to another user: run as that user, or remove it and try again."
fi

# What the environment was made from. Scripts inside it name this folder, so a move makes it anew.
sum_of() { { echo "$PWD"; cat "$@"; } | cksum; }
remembers() { [ "$(cat ".venv/made-from-$1" 2>/dev/null)" = "$2" ]; }
packages=$(sum_of "requirements/$lock.txt")
program=$(sum_of pyproject.toml)

has_packages() {
  # The tests' environment holds everything that the server needs.
  remembers "$lock" "$packages" || remembers test "$(sum_of requirements/test.txt)"
}

if ! suits .venv/bin/python || [ "$(cat .venv/made-in 2>/dev/null)" != "$PWD" ]; then
  python=$(find_python)
  "$python" -c 'import ensurepip, venv' 2>/dev/null || install_venv_package
  echo "Making .venv with $("$python" --version) ..."
  "$python" -m venv --clear .venv
  echo "$PWD" >.venv/made-in
fi

quietly() {
  # Its words matter only when it fails, and the addresses of somebody's index matter to nobody.
  if ! said=$(.venv/bin/python -m pip --quiet --no-input --disable-pip-version-check \
    install --root-user-action=ignore "$@" 2>&1); then
    printf '%s\n' "$said" | sed -E "s#https?://[^ ]+#(index)#g; s#host='[^']*'#host=(index)#g" >&2
    stop 'The packages could not be installed; the lines above say why.' \
      'The first time needs a network or a local package index. Run the command again to go on.'
  fi
}

if ! has_packages; then
  echo "Installing requirements/$lock.txt ..."
  quietly --require-hashes --only-binary :all: --no-compile --requirement "requirements/$lock.txt"
  # pip would compile it on one core, this does on all. What does not compile is no module of use.
  .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
  echo "$packages" >".venv/made-from-$lock"
fi
if ! remembers pyproject "$program"; then
  quietly --no-deps --no-index --no-build-isolation --editable .
  echo "$program" >.venv/made-from-pyproject
fi
