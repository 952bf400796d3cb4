# shellcheck shell=bash
# The words that the scripts share. It is sourced, and does nothing by itself.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runtime_dir=$repository/.runtime
cache_dir=${XDG_CACHE_HOME:-${HOME:?HOME is not set: it says where the cache is}/.cache}/sonoscope

say() {
    printf 'sonoscope: %s\n' "$*"
}

fail() {
    printf 'sonoscope: error: %s\n' "$*" >&2
    exit 1
}

# The first 16 digits of the SHA-256 of the files named: the name of what is made from them.
key_of() {
    cat -- "$@" | sha256sum | cut -c 1-16
}

# Makes NAME in .runtime point to TARGET, at once: a reader sees the old link or the new one.
link_runtime() {
    local target=$1 name=$2
    mkdir -p "$runtime_dir"
    ln -s "$target" "$runtime_dir/.$name.$$"
    mv -T "$runtime_dir/.$name.$$" "$runtime_dir/$name"
}

# Waits for the lock NAME, which is held until this process ends. The cache belongs to a user, and
# two checkouts may be set up at the same time.
hold_lock() {
    mkdir -p "$cache_dir"
    exec 9>"$cache_dir/$1.lock"
    flock --nonblock 9 && return
    say "waiting for another set-up to finish ($cache_dir/$1.lock)"
    flock --timeout 3600 9 || fail "the lock $cache_dir/$1.lock was held for an hour: see who holds it"
}

# Prints a Python that can make environments: $PYTHON, or the first that can.
find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3 /usr/bin/python3}; do
        if "$candidate" -c 'import ensurepip, pip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer with venv and pip among: ${PYTHON:-python3.11 python3 /usr/bin/python3}." \
        "Install python3, python3-venv and python3-pip, or name one with PYTHON=..."
}
