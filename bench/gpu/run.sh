#!/usr/bin/env bash
# What the networks do on this machine's card, in one go: correctness, speed, memory, faults, two
# processes at once, and PyTorch beside it. It needs x86-64 Linux, NVIDIA's driver and the libraries
# of CUDA 13, such as PyTorch brings; TensorRT, if it is there.
#
#   run.sh              all of it, in LIMIT_S seconds (570); what counts most comes first
#   LIMIT_S=3600 BATCHES=1,4,16,32,64,128 SECONDS_EACH=2 run.sh
#                       more of it
#   DEVICES=cpu NETWORK=ave-small BATCHES=1,2 SECONDS_EACH=0 PAIRS=20 LEAK=20 run.sh
#                       to try the script itself where there is no card
#
# It leaves results/: the report of each step as JSON, summary.json, and table.txt. It ends with 0 if
# every step did, every network agrees with the processor, and no goal that was measured is missed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

results=$PWD/${RESULTS:-results}
python=${PYTHON:-python3}
limit_s=${LIMIT_S:-570}
batches=${BATCHES:-1,16,128}
seconds=${SECONDS_EACH:-1}
pairs=${PAIRS:-200}
leak=${LEAK:-10000}
network=${NETWORK:-ave}
mkdir -p "$results"

sha256sum --quiet --check SHA256SUMS || {
    echo "run.sh: the bundle is damaged: pack and copy it again" >&2
    exit 1
}
if [[ ! -e runtime/libonnxruntime.so ]]; then
    mkdir -p runtime
    cat runtime.tar.gz.* | tar --extract --gzip --no-same-owner --directory runtime
fi
export ORT_DYLIB_PATH=$PWD/runtime SONOSCOPE_NETWORKS=$PWD/zoo XDG_CACHE_HOME=$PWD/cache
# Libraries that Python packages brought.
if "$python" -c '' 2>/dev/null; then
    SONOSCOPE_CUDA=${SONOSCOPE_CUDA:+$SONOSCOPE_CUDA:}$("$python" - <<'PYTHON'
import pathlib, site, sys
roots = {pathlib.Path(p) for p in [*site.getsitepackages(), *sys.path] if p}
found = [f for r in sorted(roots) for f in [*r.glob("nvidia/*/lib"), *r.glob("tensorrt_libs")]]
print(":".join(map(str, dict.fromkeys(found))))
PYTHON
    )
    export SONOSCOPE_CUDA
fi

# TensorRT is tried where it is there; what else is missing is a failure.
has_tensorrt() {
    local folder
    [[ $(ldconfig -p 2>/dev/null) == *libnvinfer.so.10* ]] && return
    while IFS= read -r -d : folder; do
        [[ ! -e $folder/libnvinfer.so.10 ]] || return 0
    done <<<"${SONOSCOPE_CUDA:-}:${LD_LIBRARY_PATH:-}:"
    return 1
}
device=${DEVICES:-cuda}
with_tensorrt=
if [[ $device == cuda* ]]; then
    if has_tensorrt; then
        with_tensorrt=yes
    else
        echo "run.sh: TensorRT is not here, and is left out"
    fi
fi

failed=() left_out=()
# step NAME COMMAND...: runs it with a log of its own, in the time that is left; what fails does not
# keep the rest from running.
step() {
    local name=$1 left=$((limit_s - SECONDS))
    shift
    if ((left < 10)); then
        left_out+=("$name")
        return
    fi
    printf '\n== %s\n' "$name"
    timeout --kill-after=10 "$left" "$@" 2>&1 | tee "$results/$name.log" || failed+=("$name")
}

bench() {
    local name=$1
    shift
    step "$name" ./infer-bench --out "$results/$name.json" --inputs pairs --pairs "$pairs" \
        --seconds "$seconds" "$@"
}

# Full-size AVE-Net first: its figures are what the rest is for.
bench ave --networks "$network" --devices "$device" --precisions fp16,fp32 \
    --batches "$batches" --threads 1,2
if "$python" -c 'import torch' 2>/dev/null; then
    step torch env PYTHONPATH="$PWD/python" "$python" baseline.py --out "$results/torch.json" \
        --seconds "$seconds" --batch "${batches##*,}" ${WIDTH:+--width "$WIDTH"}
else
    printf '\n== torch: is not here, so nothing is compared with it\n'
    left_out+=(torch)
fi
bench leak --networks "$network" --devices "$device" --precisions fp16 \
    --batches "16,${batches##*,}" --leak "$leak" --memory
bench ave-nhwc --networks "$network" --devices "$device" --precisions fp16 \
    --batches "$batches" --threads 1,2 --nhwc
bench ave-graphs --networks "$network" --devices "$device" --precisions fp16 \
    --batches "$batches" --threads 1,2 --graphs
step two ./two.sh "$results" --networks "$network" --devices "$device" --precisions fp16 \
    --batches "${batches##*,}" --inputs pairs --pairs "$pairs" --seconds "$seconds"
bench all --networks ave-small,avol-small,l3-small --devices "$device" --precisions fp32,fp16,int8 \
    --batches "1,${batches##*,}"
# Engines take minutes.
if [[ -n $with_tensorrt ]]; then
    bench ave-tensorrt --networks "$network" --devices tensorrt --precisions fp16 \
        --batches "$batches" --threads 1,2
    bench all-tensorrt --networks ave-small,avol-small,l3-small --devices tensorrt \
        --precisions int8,fp16 --batches "1,${batches##*,}"
fi

printf '\n== summary\n'
"$python" summary.py "$results" || failed+=(goals)
if ((${#left_out[@]} > 0)); then
    printf '\nrun.sh: left out: %s\n' "${left_out[*]}"
fi
if ((${#failed[@]} > 0)); then
    printf '\nrun.sh: not as it should be: %s (logs in %s)\n' "${failed[*]}" "$results"
    exit 1
fi
printf '\nrun.sh: all that was done is well; see %s\n' "$results/table.txt"
