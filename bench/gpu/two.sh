#!/usr/bin/env bash
# Two processes on one card at once.
#
#   two.sh RESULTS OPTIONS...   runs infer-bench twice with these options; RESULTS/two-1.json, two-2.json
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

results=$1
shift
processes=() status=0
for process in 1 2; do
    ./infer-bench --out "$results/two-$process.json" "$@" &
    processes+=($!)
done
for process in "${processes[@]}"; do
    wait "$process" || status=1
done
exit "$status"
