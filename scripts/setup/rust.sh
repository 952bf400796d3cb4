#!/usr/bin/env bash
# Checks that Cargo is there, and as new as Cargo.toml asks for. It is the one thing that is not
# installed: a toolchain is its owner's choice.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$repository/Cargo.toml")
advice="install Rust $wanted or newer (rustup is the usual way), then run this again"

# Where rustup puts it, for a shell that was started before.
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
command -v cargo >/dev/null || fail "cargo is not on PATH: $advice"
found=$(cargo --version | cut -d ' ' -f 2)
oldest=$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)
[[ $oldest == "$wanted" ]] || fail "cargo is $found: $advice"
