#!/usr/bin/env bash
# Packs what bench/gpu/run.sh needs on a bare machine with a card into out/gpu-bundle: the binary,
# ONNX Runtime in pieces of less than 60 MB, networks, pairs of the synthetic world to ask them
# about, the definitions that PyTorch runs, and hashes of all of it. `make gpu-bundle` sets up and
# builds first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
source "$here/../../scripts/common.sh"
cd "$repository"

built=${CARGO_TARGET_DIR:-target}/release
binary=$built/infer-bench
program=$built/sonoscope
runtime=$runtime_dir/cuda
networks=(ave ave-small avol-small l3-small)
for file in "$binary" "$program"; do
    [[ -x $file ]] || fail "$file is not there: run 'make gpu-bundle'"
done
[[ -e $runtime/libonnxruntime.so ]] || fail "$runtime is not there: run 'make setup DEVICE=cuda'"

bundle=out/gpu-bundle
rm -rf "$bundle"
mkdir -p "$bundle/zoo" "$bundle/python"
cp "$here/run.sh" "$here/two.sh" "$here/baseline.py" "$here/summary.py" "$bundle/"
install "$binary" "$bundle/infer-bench"
strip "$bundle/infer-bench"
for network in "${networks[@]}"; do
    cp -r "models/zoo/$network" "$bundle/zoo/"
done
cp -r models/training/sonoscope_training "$bundle/python/"
find "$bundle/python" -name __pycache__ -prune -exec rm -rf {} +
# The same on every machine: 200 pairs, of which every other one does not belong together.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" --quiet world --out "$scratch/world" --clips 100 --seconds 2 --seed 3
"$program" --quiet extract "$scratch/world" --out "$scratch/set" --network ave-small
"$(find_python)" "$here/pairs.py" "$scratch/set" "$bundle/pairs"
# Links are followed: both are such.
[[ -e $runtime_dir/cuda-libraries ]] || fail "cuRAND is not there: run 'make setup DEVICE=cuda'"
tar --create --dereference --directory "$runtime" . --directory "$runtime_dir/cuda-libraries" \
    . | gzip --fast |
    split --bytes 50M - "$bundle/runtime.tar.gz."
(cd "$bundle" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
say "$bundle: $(du -sh "$bundle" | cut -f 1), no file over $(
    find "$bundle" -type f -printf '%s\n' | sort -n | tail -n 1 | awk '{ printf "%.0f MB", $1 / 1e6 }')"
say "on the machine with the card: $bundle/run.sh, which leaves results/ beside itself"
