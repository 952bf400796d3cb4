#!/usr/bin/env bash
# Puts cuRAND, which PyTorch for CUDA 13 does not bring, into the user's cache, verified by its hash,
# and links it as .runtime/cuda-libraries, where sonoscope looks. Then names what of CUDA and cuDNN is
# not here: these are gigabytes, and mostly here already with NVIDIA's toolkit or with PyTorch.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
source "$here/../common.sh"

lock=$here/cuda-libraries.lock
unpacked=$cache_dir/cuda-libraries-$(key_of "$lock")
wanted=(libcudart.so.13 libnvrtc.so.13 libcublasLt.so.13 libcublas.so.13 libcudnn.so.9)

# Takes the libraries and their licences out of the wheels in FOLDER.
unpack() {
    local python=$1 folder=$2
    "$python" - "$folder" <<'PYTHON'
import pathlib, sys, zipfile

folder = pathlib.Path(sys.argv[1])
for wheel in folder.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for member in map(pathlib.PurePosixPath, archive.namelist()):
            if ".so." in member.name or member.name == "License.txt":
                (folder / member.name).write_bytes(archive.read(str(member)))
    wheel.unlink()
PYTHON
}

make_unpacked() {
    local python
    hold_lock cuda-libraries
    [[ -e $unpacked ]] && return
    python=$(find_python)
    partial=$(mktemp -d "$cache_dir/cuda-libraries.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    say "fetching cuRAND (about 77 MB) into $unpacked"
    "$python" -m pip download --quiet --disable-pip-version-check --dest "$partial" \
        --no-deps --require-hashes --only-binary :all: --requirement "$lock" \
        --implementation py --python-version 3.11 --abi none --platform manylinux_2_27_x86_64 ||
        fail "pip could not fetch what $lock wants: see above"
    unpack "$python" "$partial"
    chmod 755 "$partial"
    mv -T "$partial" "$unpacked"
}

# Whether the system, NVIDIA's installation, a variable or a Python environment has the library.
has() {
    local file=$1 folder
    [[ $known_to_system == *"$file "* ]] && return
    local folders=("$runtime_dir"/python/lib/python*/site-packages/nvidia/*/lib
        "${VIRTUAL_ENV:-/none}"/lib/python*/site-packages/nvidia/*/lib
        "${CONDA_PREFIX:-/none}"/lib /usr/local/cuda/lib64)
    IFS=: read -r -a said <<<"${SONOSCOPE_CUDA:-}:${LD_LIBRARY_PATH:-}"
    for folder in "${said[@]}" "${folders[@]}"; do
        [[ -e $folder/$file || -e $folder/lib64/$file ]] && return
    done
    return 1
}

[[ -e $unpacked ]] || make_unpacked
if [[ $(readlink -f "$runtime_dir/cuda-libraries") != "$(readlink -f "$unpacked")" ]]; then
    link_runtime "$unpacked" cuda-libraries
    say "$runtime_dir/cuda-libraries has cuRAND"
fi
missing=() known_to_system=$(ldconfig -p 2>/dev/null || true)
for file in "${wanted[@]}"; do
    has "$file" || missing+=("$file")
done
if ((${#missing[@]} > 0)); then
    say "not here yet, of CUDA 13 and cuDNN 9: ${missing[*]}"
    say "tip: 'make setup-training' brings them with PyTorch; or install NVIDIA's toolkit and cuDNN," \
        "and name their folders in SONOSCOPE_CUDA"
fi
