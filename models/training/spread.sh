#!/usr/bin/env bash
# The small networks of models/zoo once more by other seeds, and how far their figures spread.
# Nothing is published. Stopped and started again, it goes on.
#
#   models/training/spread.sh [WORK] [SEED...]
#
# WORK is that of train_zoo.sh (default out/zoo): clips and sets in it serve all seeds, what a seed
# makes is in WORK/seed-SEED. Without a SEED 1 and 2 are trained; those shipped are of seed 0, and
# are measured beside them. The table, WORK/spread.md, is of all seeds in WORK; where there are clips
# and sets already, several may be trained at a time. What train_zoo.sh takes by its environment
# is taken here, too.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
work=$(realpath -m "${1:-$repository/out/zoo}")
shift || true
seeds=("$@")
((${#seeds[@]} > 0)) || seeds=(1 2)
sonoscope=$(realpath "${SONOSCOPE:-$repository/target/release/sonoscope}")
python=${PYTHON:-$repository/.runtime/python/bin/python}
export ORT_DYLIB_PATH=${ORT_DYLIB_PATH:-$repository/.runtime/libonnxruntime.so}
networks=(ave-small avol-small l3-small)

for seed in "${seeds[@]}"; do
    printf '\n== seed %s\n' "$seed"
    SEED=$seed MADE=$work/seed-$seed ZOO=$work/seed-$seed/networks INT8=no \
        "$here/train_zoo.sh" "$work" "${networks[@]}" scratch
done

shipped=$work/seed-0/evals/shipped-fp32
[[ -e $shipped/eval.json ]] ||
    "$sonoscope" eval "$work/clips/test" -n "${networks[@]/#/$repository/models/zoo/}" \
        --out "$shipped"
PYTHONPATH=$here "$python" -m sonoscope_training spread "$work"/seed-*/evals/*-fp32/eval.json |
    tee "$work/spread.md"
