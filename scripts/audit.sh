#!/usr/bin/env bash
# Holds the dependencies to deny.toml: licences, origins, duplicates. Needs no network once
# cargo-deny is there.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$repository"

version=0.20.2
tools=$cache_dir/tools
PATH=$PATH:$tools/bin
if ! command -v cargo-deny >/dev/null; then
    hold_lock tools
    say "building cargo-deny $version into $tools (some minutes, once)"
    cargo install --quiet --locked --root "$tools" --version "$version" cargo-deny
fi
cargo deny --all-features --log-level warn check --hide-inclusion-graph licenses sources bans
