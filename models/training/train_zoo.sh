#!/usr/bin/env bash
# Makes the networks of models/zoo from nothing: the synthetic world, sets, training, int8 towers,
# cards. Stopped and started again, it goes on.
#
#   models/training/train_zoo.sh [WORK] [NETWORK...]
#
# WORK holds clips, sets and runs (default out/zoo; some 20 GB). Without a NETWORK all are made:
# ave-small avol-small l3-small multisensory-small ave avol, and scratch: AVE-Net and L3-Net from
# nothing at equal compute, which are measured and not shipped.
# SONOSCOPE names the program, PYTHON the interpreter, DEVICE what trains (cpu or cuda), THREADS its
# threads, ZOO where networks go, REAL a folder of real recordings for the figure on life, INT8=no
# leaves int8 towers out, SEED the seed of weights and steps (spread.sh takes several), MADE a folder
# for runs and evaluations, SCALE a factor on clips and steps (0.01 for a trial).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
work=$(realpath -m "${1:-$repository/out/zoo}")
shift || true
wanted=${*:-ave-small avol-small l3-small scratch multisensory-small ave avol}
zoo=$(realpath -m "${ZOO:-$repository/models/zoo}")
sonoscope=$(realpath "${SONOSCOPE:-$repository/target/release/sonoscope}")
python=${PYTHON:-$repository/.runtime/python/bin/python}
seed=${SEED:-0}
note="It knows a synthetic world of drawn objects and computed sounds, and nothing else. On \
recordings of real life expect little better than chance until it is trained on recordings of your \
own (\`sonoscope train\`); \`sonoscope networks pull\` fetches weights that learned from real video."
made=$(realpath -m "${MADE:-$work}")
runs=$made/runs evals=$made/evals
mkdir -p "$work"
cd "$work"
export ORT_DYLIB_PATH=${ORT_DYLIB_PATH:-$repository/.runtime/libonnxruntime.so}

scaled() { # NUMBER: by SCALE, at least 1
    awk -v n="$1" -v s="${SCALE:-1}" 'BEGIN { v = int(n * s); print (v < 1 ? 1 : v) }'
}

sonoscope_training() {
    PYTHONPATH=$here "$python" -m sonoscope_training "$@"
}

world() { # FOLDER CLIPS SECONDS SEED DIFFICULTY
    "$sonoscope" -q world --out "clips/$1" --clips "$(scaled "$2")" --seconds "$3" --seed "$4" \
        --difficulty "$5"
}

train() { # RUN NETWORK STEPS SET [OPTION...]
    printf '\n== %s\n' "$1"
    sonoscope_training train --network "$2" --steps "$(scaled "$3")" --shards "sets/$4" \
        --device "${DEVICE:-cpu}" --threads "${THREADS:-$(nproc)}" --seed "$seed" \
        --trained-on "$(about "$4")" --out "$runs/$1" "${@:5}"
}

about() { # SET: what it is, in a sentence
    local what="sonoscope's own synthetic world of 24 classes (models/world) and nothing else"
    case $1 in
    mixed) echo "$what: hard and easy clips of 2 s" ;;
    hard) echo "$what: hard and easy clips of 2 s, then hard ones alone" ;;
    wide) echo "$what: hard and easy clips of 2 s, then hard ones alone, then 6000 more of these" ;;
    moving) echo "$what: hard and easy clips of 10 s" ;;
    esac
}

# publish NAME RUN NETWORK SET TEST WIDTH [EXPORT_OPTION...]
publish() {
    local name=$1 run=$2 network=$3 set=$4 test=$5 width=$6 folder=$zoo/$1 precisions=(fp32)
    printf '\n== %s\n' "$name"
    sonoscope_training export --network "$network" --width "$width" --name "$name" \
        --checkpoint "$runs/$run/best.pt" --out "$folder" "${@:7}"
    if [[ $name == *-small && ${INT8:-yes} != no ]]; then
        sonoscope_training quantize "$folder" --shards "sets/$set" --samples 128
        precisions+=(int8)
    fi
    local reports=() precision
    for precision in "${precisions[@]}"; do
        "$sonoscope" eval "clips/$test" -n "$folder" --precision "$precision" \
            --out "$evals/$name-$precision"
        reports+=(--report "hard world of another seed=$evals/$name-$precision/eval.json")
    done
    if [[ -n ${REAL:-} ]]; then
        "$sonoscope" eval "$REAL" -n "$folder" --out "$evals/$name-real" --truth none || true
        reports+=(--report "real recordings=$evals/$name-real/eval.json")
    fi
    sonoscope_training card "$folder" "${reports[@]}" --log "$runs/$run/log.jsonl" --note "$note" \
        --commit "$(git -C "$here" rev-parse --short HEAD)"
}

is_wanted() { [[ " $wanted " == *" $1 "* ]]; }

# Sets for networks of one second. Large and small objects at first, then small ones alone, more of
# them, and still more.
world hard 3976 2 101 hard
world easy 2500 2 102 easy
world more 3302 2 103 hard
world still-more 6000 2 104 hard
world test 480 3 991 hard
"$sonoscope" extract clips/hard clips/easy --out sets/mixed
"$sonoscope" extract clips/hard clips/more --out sets/hard
"$sonoscope" extract clips/hard clips/more clips/still-more --out sets/wide

# AVOL-Net from scratch hardly moves, so it starts from AVE-Net's towers; AVE-Net gains most from
# starting again from what AVOL-Net made of them.
train ave-scratch ave 1500 mixed --width 0.25
train avol-mixed avol 1600 mixed --width 0.25 --init "$runs/ave-scratch/best.pt"
train avol-hard avol 1500 hard --width 0.25 --init "$runs/avol-mixed/best.pt"
if is_wanted avol-small || is_wanted avol; then
    train avol-small avol 4000 wide --width 0.25 --init "$runs/avol-hard/best.pt"
fi
if is_wanted avol-small; then publish avol-small avol-small avol wide test 0.25; fi
train ave-small ave 1300 hard --width 0.25 --init "$runs/avol-hard/best.pt"
if is_wanted ave-small; then publish ave-small ave-small ave hard test 0.25; fi

if is_wanted l3-small; then
    train l3-small l3 800 hard --width 0.25 --init "$runs/ave-small/best.pt"
    publish l3-small l3-small l3 hard test 0.25
fi

if is_wanted scratch; then
    train l3-scratch l3 1500 mixed --width 0.25
    for network in ave l3; do
        sonoscope_training export --network $network --width 0.25 --name $network-scratch \
            --checkpoint "$runs/$network-scratch/best.pt" --out "$made/scratch/$network"
        "$sonoscope" eval clips/test -n "$made/scratch/$network" \
            --out "$evals/$network-scratch-fp32"
    done
fi

# Full size: the small networks, widened without a change to what they say, then trained on.
for network in ave avol; do
    set=hard
    if [[ $network == avol ]]; then set=wide; fi
    if is_wanted $network; then
        train $network $network 160 $set --width 1 --configuration widened \
            --init "$runs/$network-small/best.pt"
        publish $network $network $network $set test 1 --weights fp16
    fi
done

if is_wanted multisensory-small; then
    world moving-hard 560 10 201 hard
    world moving-easy 240 10 202 easy
    world moving-test 160 10 992 hard
    sonoscope_training export --network multisensory --form reduced --width 0.25 --seed "$seed" \
        --name multisensory-untrained --out untrained
    "$sonoscope" extract clips/moving-hard clips/moving-easy --out sets/moving -n untrained
    train multisensory-small multisensory 1300 moving --form reduced --width 0.25 \
        --configuration multisensory
    publish multisensory-small multisensory-small multisensory moving moving-test 0.25 \
        --form reduced
fi
