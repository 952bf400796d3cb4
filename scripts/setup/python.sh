#!/usr/bin/env bash
# Makes a Python environment from a lock file, in the user's cache, and links it as .runtime/NAME.
#
#   python.sh NAME LOCK [BASE_LOCK]
#
# With BASE_LOCK it is a thin layer over the environment that was made from that file.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

name=${1:?what to link it as} lock=${2:?which lock file} base_lock=${3:-}

# An environment cannot be moved, since its programs hold its path. So it is built where it stays,
# under a lock, and this file, written last, says that it is whole.
complete=.complete

whole() {
    [[ -f $1/$complete && -x $1/bin/python ]]
}

# Where the environment of some lock files is, for a Python version such as 3.11.
environment_of() {
    local version=$1
    shift
    printf '%s/python-%s-%s\n' "$cache_dir" "$version" "$(key_of "$@")"
}

# The packages of one environment made visible in another.
layer_over() {
    local base=$1 environment=$2
    local packages
    packages=$("$base/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$packages" >"$("$environment/bin/python" -c \
        'import sysconfig; print(sysconfig.get_path("purelib"))')/base.pth"
}

build() {
    local python=$1 environment=$2 base=$3
    hold_lock "$name"
    whole "$environment" && return
    say "building the Python environment of ${lock#"$repository"/} in $environment"
    if grep -q '^torch==' "$lock"; then
        say "PyTorch and what it needs, about 6 GB on disk; a minute or more"
    fi
    rm -rf "$environment"
    "$python" -m venv "$environment"
    # A layer's own requirements are in the environment under it, so pip must not look for them.
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
        --require-hashes --only-binary :all: ${base:+--no-deps} --requirement "$lock" ||
        fail "pip could not install $lock: see above; what it had built is in $environment"
    if [[ -n $base ]]; then
        layer_over "$base" "$environment"
    fi
    touch "$environment/$complete"
    say "done: $(du -sh "$environment" | cut -f 1) in $environment"
}

# The link in use is right if it is named after these files and leads to a whole environment.
key=$(key_of "$lock" ${base_lock:+"$base_lock"})
linked=$(readlink -f "$runtime_dir/$name" || true)
if [[ $linked == "$(readlink -f "$cache_dir")"/python-*-"$key" ]] && whole "$linked"; then
    exit
fi

python=$(find_python)
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
environment=$(environment_of "$version" "$lock" ${base_lock:+"$base_lock"})
base=${base_lock:+$(environment_of "$version" "$base_lock")}
whole "$environment" || build "$python" "$environment" "$base"
link_runtime "$environment" "$name"
say "$runtime_dir/$name is now $environment"
