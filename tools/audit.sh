#!/usr/bin/env bash
# Search the packages of uv.lock for known vulnerabilities with pip-audit. It runs in an environment of its own, which uv
# caches, so that neither .venv nor the image has its packages.
#
# It needs the internet: pip-audit asks the Python Package Index, or the Open Source Vulnerabilities database with
# `make audit ARGS="--vulnerability-service osv"`. So it is not a part of `make check`.
set -euo pipefail
cd "$(dirname "$0")/.."

pip_audit_version=2.10.1

export UV_PYTHON_DOWNLOADS=never UV_PYTHON=$PWD/.venv/bin/python
index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
if [ -n "$index" ]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/uv export --quiet --frozen --no-emit-project --output-file "$folder/requirements.txt" >/dev/null

# --strict: otherwise a package that could not be looked up, even each of them, counts as one without vulnerabilities
if .venv/bin/uv tool run --quiet "pip-audit==$pip_audit_version" --strict --disable-pip --require-hashes \
    --requirement "$folder/requirements.txt" --progress-spinner off "$@" 2>&1 | tee "$folder/output"; then
    exit 0
fi
if grep -q '^Found [0-9]* known vulnerabilit' "$folder/output"; then
    echo 'Update these packages: make lock ARGS="-P NAME", then make check.' >&2
else
    cat >&2 <<'END'

The packages were not checked. pip-audit could not be installed, or could not reach the database of vulnerabilities.
- Try the other database: make audit ARGS="--vulnerability-service osv"
- Without a network, copy Makefile, pyproject.toml, uv.lock and tools/ to a machine that has one, and run `make audit` there.
END
fi
exit 1
