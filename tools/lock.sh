#!/usr/bin/env bash
# Resolve pyproject.toml into uv.lock and remove the registry's hosts from it.
#
#   tools/lock.sh              retains the pinned versions, which uv reads from the existing lock
#   tools/lock.sh --upgrade    uses the newest versions (or -P NAME for one package)
#   tools/lock.sh --check      changes nothing; fails if the lock is stale or names a host
#
# A lock without hosts pins packages by name, version and hash; each machine uses its own index. uv reads such a lock,
# and adds hosts to it only when a requirement has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

export UV_PYTHON_DOWNLOADS=never UV_PYTHON=.venv/bin/python
index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
if [ -n "$index" ]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi

without_hosts() {
    sed -E 's#url = "[a-z]+://[^"]*/([^"/]*)"#path = "\1"#; s#registry = "[^"]*"#registry = "index"#' uv.lock
}

if [ "${1:-}" = --check ]; then
    if grep -q '://' uv.lock; then
        echo "uv.lock names a host. Run: make lock" >&2
        exit 1
    fi
    .venv/bin/uv lock --check --quiet || { echo "uv.lock does not match pyproject.toml. Run: make lock" >&2; exit 1; }
    exit 0
fi

.venv/bin/uv lock "$@"
without_hosts >uv.lock.new
mv uv.lock.new uv.lock
.venv/bin/uv export --quiet --frozen >/dev/null
