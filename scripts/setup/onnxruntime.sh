#!/usr/bin/env bash
# Puts ONNX Runtime for DEVICE (cpu, cuda) into the user's cache, verified by its hash, and links it
# where sonoscope looks for it: that for processors as .runtime/libonnxruntime.so, that for NVIDIA's
# cards as .runtime/cuda/libonnxruntime.so. They lie side by side; `--device` chooses.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
source "$here/../common.sh"

device=${1:?which device: cpu or cuda}
lock=$here/onnxruntime-$device.lock
[[ -f $lock ]] || fail "there is no ONNX Runtime for DEVICE=$device; there is one for:" \
    "$(cd "$here" && echo onnxruntime-*.lock | sed 's/onnxruntime-//g; s/\.lock//g')"
architecture=$(uname -m)
declare -A sizes=([cpu]=25 [cuda]=260)
megabytes=${sizes[$device]}
[[ $device == cpu || $architecture == x86_64 ]] ||
    fail "ONNX Runtime for DEVICE=$device is there for x86_64, and this is $architecture"
unpacked=$cache_dir/runtime-$device-$architecture-$(key_of "$lock")

# The wheel is only a container here: its Python version need not be that of this machine.
fetch() {
    local python=$1 to=$2
    "$python" -m pip download --quiet --disable-pip-version-check --dest "$to" \
        --no-deps --require-hashes --only-binary :all: --requirement "$lock" \
        --implementation cp --python-version 3.11 --abi cp311 \
        --platform "manylinux_2_28_$architecture" ||
        fail "pip could not fetch ONNX Runtime for $architecture as $lock wants it: see above"
}

# Takes the libraries and their licences out of the one wheel in FOLDER.
unpack() {
    local python=$1 folder=$2
    "$python" - "$folder" <<'PYTHON'
import pathlib, sys, zipfile

folder = pathlib.Path(sys.argv[1])
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    for member in map(pathlib.PurePosixPath, archive.namelist()):
        library = member.name.startswith("libonnxruntime") and ".so" in member.name
        if library or member.name in ("LICENSE", "ThirdPartyNotices.txt"):
            (folder / member.name).write_bytes(archive.read(str(member)))
wheel.unlink()
PYTHON
}

library() {
    find "$unpacked" -name 'libonnxruntime.so.*' 2>/dev/null
}

make_unpacked() {
    local python
    hold_lock runtime
    [[ -n $(library) ]] && return
    python=$(find_python)
    partial=$(mktemp -d "$cache_dir/runtime.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    say "fetching $(grep -o '^onnxruntime[^ ]*' "$lock") for $architecture (about $megabytes MB) into $unpacked"
    fetch "$python" "$partial"
    unpack "$python" "$partial"
    chmod 755 "$partial"
    rm -rf "$unpacked"
    mv -T "$partial" "$unpacked"
}

[[ -n $(library) ]] || make_unpacked
name=$(basename "$(library)")
if [[ $device != cpu ]]; then
    # A folder of its own, since the libraries of the two builds have the same names.
    [[ -e $unpacked/libonnxruntime.so ]] || ln -s "$name" "$unpacked/libonnxruntime.so"
    if [[ $(readlink -f "$runtime_dir/$device") != "$(readlink -f "$unpacked")" ]]; then
        link_runtime "$unpacked" "$device"
        say "$runtime_dir/$device/libonnxruntime.so is now $name ($device)"
    fi
    exit
fi
if [[ $(readlink -f "$runtime_dir/libonnxruntime.so") != "$(readlink -f "$unpacked/$name")" ]]; then
    for file in "$unpacked"/libonnxruntime*; do
        link_runtime "$file" "$(basename "$file")"
    done
    link_runtime "$name" libonnxruntime.so
    say "$runtime_dir/libonnxruntime.so is now $name ($device)"
fi
