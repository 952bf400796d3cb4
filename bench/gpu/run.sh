#!/usr/bin/env bash
# What the networks do on this machine's card, in one go: correctness, speed, memory, faults, two
# processes at once, and PyTorch beside it. It needs x86-64 Linux, NVIDIA's driver and the libraries
# of CUDA 13, such as PyTorch brings; TensorRT, if it is there.
#
#   run.sh              all of it, about 15 minutes
#   SHORT=1 run.sh      the figures that count, about 4 minutes
#   DEVICES=cpu NETWORK=ave-small BATCHES=1,2 SHORT=1 run.sh
#                       to try the script itself where there is no card
#
# It leaves results/: the report of each step as JSON, summary.json, and table.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

results=$PWD/${RESULTS:-results}
python=${PYTHON:-python3}
if [[ -n ${SHORT:-} ]]; then
    batches=1,16,128 seconds=1 pairs=64
else
    batches=1,4,16,32,64,128 seconds=2 pairs=256
fi
batches=${BATCHES:-$batches}
network=${NETWORK:-ave}
mkdir -p "$results"

sha256sum --quiet --check SHA256SUMS || {
    echo "run.sh: the bundle is damaged: pack and copy it again" >&2
    exit 1
}
if [[ ! -e runtime/libonnxruntime.so ]]; then
    mkdir -p runtime
    cat runtime.tar.gz.* | tar --extract --gzip --directory runtime
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
    ldconfig -p 2>/dev/null | grep -q 'libnvinfer\.so\.10' && return
    while IFS= read -r -d : folder; do
        [[ ! -e $folder/libnvinfer.so.10 ]] || return 0
    done <<<"${SONOSCOPE_CUDA:-}:${LD_LIBRARY_PATH:-}:"
    return 1
}
if [[ -n ${DEVICES:-} ]]; then
    devices=$DEVICES
elif has_tensorrt; then
    devices=cuda,tensorrt
else
    devices=cuda
    echo "run.sh: TensorRT is not here, and is left out"
fi

failed=()
# step NAME COMMAND...: runs it with a log of its own; what fails does not keep the rest from running.
step() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" 2>&1 | tee "$results/$name.log" || failed+=("$name")
}

bench() {
    local name=$1
    shift
    step "$name" ./infer-bench --out "$results/$name.json" "$@"
}

# Full-size AVE-Net first: its figures are what the rest is for.
bench ave --networks "$network" --devices "$devices" --precisions fp16,fp32 \
    --batches "$batches" --threads 1,2 --seconds "$seconds" --pairs "$pairs"
bench ave-nhwc --networks "$network" --devices "${devices%%,*}" --precisions fp16 \
    --batches "$batches" --threads 1,2 --seconds "$seconds" --pairs "$pairs" --nhwc
bench ave-graphs --networks "$network" --devices "${devices%%,*}" --precisions fp16 \
    --batches "$batches" --threads 1,2 --seconds "$seconds" --pairs "$pairs" --graphs
if "$python" -c 'import torch' 2>/dev/null; then
    step torch env PYTHONPATH="$PWD/python" "$python" baseline.py --out "$results/torch.json" \
        --seconds "$seconds" --batch "${batches##*,}"
else
    printf '\n== torch: is not here, so nothing is compared with it\n'
fi
if [[ -z ${SHORT:-} ]]; then
    bench all --networks ave-small,avol-small,l3-small --devices "$devices" --precisions fp32,fp16,int8 \
        --batches "$batches" --threads 1 --seconds "$seconds" --pairs "$pairs"
    bench leak --networks "$network" --devices "${devices%%,*}" --precisions fp16 \
        --batches 16 --seconds "$seconds" --leak 10000
fi
two() {
    local process status=0 processes=()
    for process in 1 2; do
        ./infer-bench --networks "$network" --devices "${devices%%,*}" --precisions fp16 \
            --batches "$batches" --pairs "$pairs" --seconds "$seconds" --out "$results/two-$process.json" &
        processes+=($!)
    done
    for process in "${processes[@]}"; do
        wait "$process" || status=1
    done
    return "$status"
}
step two two
step summary "$python" summary.py "$results"

if ((${#failed[@]} > 0)); then
    printf '\nrun.sh: not as it should be: %s (logs in %s)\n' "${failed[*]}" "$results"
    exit 1
fi
printf '\nrun.sh: all is well; see %s\n' "$results/table.txt"
