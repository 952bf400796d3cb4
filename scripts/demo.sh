#!/usr/bin/env bash
# Looks at a clip with its ears open: one of the synthetic world, or the recording named.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

program=${CARGO_TARGET_DIR:-$repository/target}/release/sonoscope
[[ -x $program ]] || fail "$program is not there: run 'make build'"

if (($# > 0)); then
    [[ -r $1 ]] || fail "cannot read the recording '$1': is VIDEO=... right?"
    clip=$(realpath "$1")
fi

cd "$repository"
out=out/demo
rm -rf "$out"
mkdir -p "$out"

if [[ -z ${clip:-} ]]; then
    "$program" world --out "$out/world" --clips 1 --seconds 10 --seed 7 --size 640x360
    clip=$(find "$out/world" -name '*.mp4' -print -quit)
    [[ -n $clip ]] || fail "'sonoscope world' left no clip in $out/world"
fi

"$program" run "$clip" --sink "jsonl:$out/rows.jsonl" \
    --heatmaps "$out/heatmaps" --overlay "$out/overlay" --include heatmap --table

say "rows      $out/rows.jsonl"
say "heatmaps  $out/heatmaps/"
say "overlay   $out/overlay/"
