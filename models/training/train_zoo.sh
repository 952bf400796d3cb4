#!/usr/bin/env bash
# Trains the networks of models/zoo: tar shards -> ave-small, avol-small, each with int8 towers and
# a card. About 4 100 steps; stopped and started again, it goes on.
#
#   models/training/train_zoo.sh SHARDS [RUNS]
#
# SHARDS is what `sonoscope extract` wrote, RUNS where checkpoints go (default out/training).
# PYTHON names the interpreter, THREADS its threads (1 is best beside other work), ZOO the zoo,
# TRAINED_ON the clips in a sentence, NOTE their limits; AVE_STEPS, AVOL_STEPS and AVE_AGAIN_STEPS
# are the lengths of the runs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
if (($# < 1)); then
    sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
shards=$(realpath "$1")
runs=$(realpath -m "${2:-$repository/out/training}")
zoo=$(realpath -m "${ZOO:-$repository/models/zoo}")
width=0.25
synthetic="Its world is a synthetic one, of drawn objects and computed sounds. On recordings of real \
life expect little better than chance until it is trained on recordings of your own: \
\`sonoscope extract\`, then \`train\`."
trained_on=${TRAINED_ON:-"sonoscope's own synthetic world (models/world) and nothing else"}

sonoscope_training() {
    PYTHONPATH=$here "${PYTHON:-python3}" -m sonoscope_training "$@"
}

train() { # RUN NETWORK STEPS [OPTION...]
    printf '\n== %s\n' "$1"
    sonoscope_training train --shards "$shards" --network "$2" --width $width --steps "$3" \
        --threads "${THREADS:-$(nproc)}" --trained-on "$trained_on" --out "$runs/$1" "${@:4}"
}

publish() { # RUN NETWORK
    local name=$2-small folder=$zoo/$2-small
    printf '\n== %s\n' "$name"
    sonoscope_training export --network "$2" --width $width --name "$name" \
        --checkpoint "$runs/$1/best.pt" --out "$folder"
    sonoscope_training quantize "$folder" --shards "$shards" --samples 128
    sonoscope_training evaluate --shards "$shards" --onnx "$folder" >"$runs/$1/fp32.json"
    sonoscope_training evaluate --shards "$shards" --onnx "$folder" --int8 >"$runs/$1/int8.json"
    sonoscope_training card "$folder" --note "${NOTE:-$synthetic}" \
        --evaluation "$runs/$1/fp32.json" --evaluation "$runs/$1/int8.json"
    cat "$runs/$1/fp32.json" "$runs/$1/int8.json"
}

# AVOL-Net from scratch hardly moves, so it starts from AVE-Net's towers; AVE-Net gains most from
# starting again from what AVOL-Net made of them.
train ave-scratch ave "${AVE_STEPS:-1700}"
train avol avol "${AVOL_STEPS:-1400}" --init "$runs/ave-scratch/best.pt"
train ave-again ave "${AVE_AGAIN_STEPS:-1000}" --init "$runs/avol/best.pt"
publish avol avol
publish ave-again ave
