#!/usr/bin/env bash
# Installs the system packages of packages.txt that are missing, and with `tests` those of
# packages-tests.txt. Where there is no apt it only says which are wanted, and goes on if what they
# bring is there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
source "$here/../common.sh"

gstreamer_wanted=1.22
lists=("$here/packages.txt")
[[ ${1:-} != tests ]] || lists+=("$here/packages-tests.txt")
mapfile -t wanted < <(sed 's/[[:space:]]*#.*//; /^$/d' "${lists[@]}")

missing_packages() {
    # dpkg-query exits 1 when it does not know one of them, which is an answer here.
    { dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true; } |
        sed -n 's/ installed$//p' |
        grep -vxFf - <(printf '%s\n' "${wanted[@]}") || true
}

install_packages() {
    local as_root=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null || fail "run as root, there being no sudo: apt-get install $*"
        as_root=(sudo)
    fi
    say "installing with apt-get: $*"
    as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600)
    "${as_root[@]}" --quiet update
    "${as_root[@]}" --quiet --yes install --no-install-recommends "$@"
}

# What the packages bring, by itself: for systems that call them something else.
missing_parts() {
    local part servers=()
    # PostgreSQL's own programs are seldom on the path.
    ((${#lists[@]} == 1)) || servers=(mosquitto nats-server psql faketime ip systemd-analyze)
    for part in cc ffmpeg gst-inspect-1.0 "${servers[@]}"; do
        command -v "$part" >/dev/null || printf '%s\n' "$part"
    done
    for part in gstreamer-app-1.0 gstreamer-audio-1.0 gstreamer-video-1.0 gstreamer-pbutils-1.0; do
        pkg-config --exists "$part" || printf '%s\n' "$part"
    done
    for part in audioconvert rtspsrc qtdemux h264parse tsdemux avdec_h264 avdec_aac x264enc; do
        gst-inspect-1.0 --exists "$part" || printf 'the GStreamer element %s\n' "$part"
    done
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} > 0)); then
        hold_lock packages
        install_packages "${missing[@]}"
    fi
else
    mapfile -t missing < <(missing_parts 2>/dev/null)
    if ((${#missing[@]} > 0)); then
        say "there is no apt-get here; install what these Debian packages bring:"
        sed -n 's/^[^#]/    &/p' "${lists[@]}"
        fail "not found: $(printf '%s, ' "${missing[@]}" | sed 's/, $//')"
    fi
fi

pkg-config --exists "gstreamer-1.0 >= $gstreamer_wanted" ||
    fail "GStreamer is $(pkg-config --modversion gstreamer-1.0 2>/dev/null || echo 'not found by pkg-config')," \
        "and $gstreamer_wanted or newer is needed: use Debian 12, Ubuntu 24.04 or newer"
