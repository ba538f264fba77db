#!/usr/bin/env bash
# Puts anvil, forge, cast and solc of the pinned versions into build/bin, and a compiler with
# the name that py-solc-x and ape look for into build/solcx. A tool of the right version on
# PATH wins (a native solc is much faster than the wasm one), else node_modules has it.
# $1: version of the Foundry tools, $2: version of solc.
set -euo pipefail
cd "$(dirname "$0")/.."

FOUNDRY_VERSION=$1
SOLC_VERSION=$2
BIN=build/bin

# Our own links must not be found again as "the tool on PATH".
search_path=$(printf '%s' "$PATH" | tr ':' '\n' | grep -vxF -e "$PWD/$BIN" -e "$PWD/node_modules/.bin" | paste -sd: -)

is_version() { # path, version
    "$1" --version 2>/dev/null | grep -Eq "(^|[^0-9.])${2//./\\.}([^0-9.]|\$)"
}

case "$(uname -s)" in Linux) os=linux ;; Darwin) os=darwin ;; *) os=unsupported ;; esac
case "$(uname -m)" in x86_64 | amd64) cpu=amd64 ;; aarch64 | arm64) cpu=arm64 ;; *) cpu=unsupported ;; esac

link_tool() { # name, version, path of the copy in node_modules
    local name=$1 version=$2 packaged=$3 found
    found=$(PATH=$search_path type -P "$name" || true)
    if [[ -n $found ]] && is_version "$found" "$version"; then
        ln -sfn "$found" "$BIN/$name"
        return
    fi
    if [[ ! -f $packaged ]]; then
        echo "error: $name $version is neither on PATH nor packaged for $(uname -sm); install it and run make again" >&2
        exit 1
    fi
    ln -sfn "../../$packaged" "$BIN/$name"
    if ! is_version "$BIN/$name" "$version"; then
        echo "error: $packaged does not run or is not version $version: $("$BIN/$name" --version 2>&1 | head -1)" >&2
        exit 1
    fi
}

mkdir -p "$BIN" build/solcx
for tool in anvil forge cast; do
    link_tool $tool "$FOUNDRY_VERSION" "node_modules/@foundry-rs/$tool-$os-$cpu/bin/$tool"
done
link_tool solc "$SOLC_VERSION" tools/solc.js
ln -sfn ../../tools/solc.js "build/solcx/solc-v$SOLC_VERSION"
