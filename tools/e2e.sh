#!/usr/bin/env bash
# Run the browser tests in Debian's Chromium: Playwright's own builds are not available as packages. The tests of generated
# clients also need Node and npm.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/need.sh chromium chromium
tools/need.sh npm npm
CHROMIUM=$(command -v chromium)
export CHROMIUM
timeout 20m .venv/bin/python -m pytest -n 2 --dist worksteal -p no:schemathesis -m e2e tests/e2e "$@"
