#!/usr/bin/env bash
# Says in one line what the machine lacks before an installation starts.
# $1: the Python to build .venv with.
set -euo pipefail

fail() {
    echo "error: $1" >&2
    exit 1
}

python=$1
command -v "$python" >/dev/null || fail "$python not found; Python 3.11 or 3.12 is needed"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# ape needs a numpy that was never built for Python 3.13; the package itself would run there.
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' ||
    fail "Python 3.11 or 3.12 is needed, $python is $version (choose another: make PYTHON=python3.12)"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python lacks its venv module (on Debian: apt-get install python3-venv)"

command -v node >/dev/null || fail "node not found; Node 20 or newer is needed"
version=$(node --version)
[[ ${version//[!0-9.]/} =~ ^([0-9]+) ]] && ((BASH_REMATCH[1] >= 20)) ||
    fail "Node 20 or newer is needed, node is $version"
command -v npm >/dev/null || fail "npm not found; it comes with Node 20 or newer"
