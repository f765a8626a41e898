#!/usr/bin/env bash
# Runs the browser tests in Debian's Chromium: Playwright's own browser builds are no package.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/need.sh chromium chromium
CHROMIUM=$(command -v chromium)
export CHROMIUM
timeout 20m .venv/bin/python -m pytest -m e2e tests/e2e "$@"
