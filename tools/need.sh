#!/usr/bin/env bash
# tools/need.sh PROGRAM PACKAGE...: install Debian packages if the program is missing.
# If the user is not root or the system is not Debian, print the command to run.
set -euo pipefail

program=$1
shift
if command -v "$program" >/dev/null; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "$program is missing. Install it (Debian: sudo apt-get install $*) and try again." >&2
    exit 1
fi
echo "Installing $* …"
export DEBIAN_FRONTEND=noninteractive
{ apt-get -qq update && apt-get -qq install --yes --no-install-recommends "$@"; } >/dev/null
command -v "$program" >/dev/null
