#!/usr/bin/env bash
# Install exactly the packages of uv.lock into .venv, if they are not installed yet.
#
# The lock names no hosts (see lock.sh), so it is exported to requirements with hashes before it is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

uv_version=0.13.9
venv=.venv
stamp=$venv/.set-up-from

fail() { printf '\nmake setup: %s\n' "$1" >&2; exit 1; }

fingerprint() { cat uv.lock pyproject.toml tools/setup.sh | cksum; }

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3}; do
        if is_recent "$candidate"; then echo "$candidate"; return; fi
    done
    fail "no Python 3.11 or newer was found. Install one (Debian: apt-get install python3.11 python3.11-venv),
or pass its path: make setup PYTHON=/path/to/python3.11"
}

# `venv` installs pip last, so a venv in which pip can be imported is complete.
is_complete() { is_recent $venv/bin/python && $venv/bin/python -c 'import pip' 2>/dev/null; }

make_venv() {
    local python
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no venv module. Install it (Debian: apt-get install python3-venv)."
    "$python" -m venv --clear $venv
}

quietly() {
    local output
    output=$("$@" 2>&1) || { printf '%s\n' "$output" >&2; return 1; }
}

# The index and its certificate may be configured for pip only.
use_pip_configuration() {
    local index certificate
    index=${PIP_INDEX_URL:-$($venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
    certificate=${PIP_CERT:-$($venv/bin/python -m pip config get global.cert 2>/dev/null || true)}
    if [ -n "$index" ]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi
    if [ -n "$certificate" ]; then export SSL_CERT_FILE=${SSL_CERT_FILE:-$certificate}; fi
}

install_lock() {
    export UV_PYTHON_DOWNLOADS=never UV_PYTHON=$venv/bin/python VIRTUAL_ENV=$PWD/$venv
    if [ ! -w "${HOME:-/nonexistent}" ]; then export UV_NO_CACHE=1; fi
    $venv/bin/uv export --quiet --frozen --no-emit-project |
        quietly $venv/bin/uv pip sync --require-hashes -
}

main() {
    local wanted started=$SECONDS
    wanted=$(fingerprint)
    if [ -x $venv/bin/python ] && [ "$(cat $stamp 2>/dev/null)" = "$wanted" ]; then return; fi
    echo "Setting up $venv from uv.lock …"
    rm -f $stamp
    is_complete || make_venv
    use_pip_configuration
    quietly $venv/bin/python -m pip install --quiet "uv==$uv_version" ||
        fail "uv could not be installed. Is the package index reachable?"
    install_lock || fail "the packages of uv.lock could not be installed. Is the package index reachable?"
    printf '%s\n' "$wanted" >$stamp
    echo "Set up in $((SECONDS - started)) s."
}

main
