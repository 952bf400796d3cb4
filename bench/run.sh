#!/usr/bin/env bash
# sonoscope against the peers on this machine, into bench/results/. `make bench` builds first.
#
#   ROUNDS=5 THREADS=2 FILES=10000 CLIPS=60 bench/run.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
source "$here/../scripts/common.sh"
cd "$repository"

seed=1
python=$runtime_dir/bench-python/bin/python
program=${CARGO_TARGET_DIR:-$repository/target}/release/sonoscope
[[ -x $program && -x $python ]] || fail "the program or the peers are not there: run 'make bench'"
export PYTHONPATH=$repository/models/training

# Recordings and the full-size network are kept for as long as the code that makes them stays as it is.
clips=$cache_dir/bench/clips-$(key_of "$here/peers/make_video.sh")
"$here/peers/make_video.sh" "$clips"

mapfile -t definitions < <(find models/training/sonoscope_training -name '*.py' | sort)
network=$cache_dir/bench/ave-full-$(key_of "${definitions[@]}")
if [[ ! -d $network ]]; then
    say "exporting AVE-Net at full width into $network"
    partial=$(mktemp -d "$cache_dir/bench/network.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    "$python" -m sonoscope_training export --network ave --width 1.0 --seed "$seed" \
        --name ave-full --out "$partial"
    "$python" -m sonoscope_training quantize "$partial"
    mv -T "$partial" "$network"
fi

"$python" "$here/peers/compare.py" --program "$program" --network "$network" --seed "$seed" \
    --video "$clips/two-minutes.mp4" --out "$here/results" \
    --rounds "${ROUNDS:-3}" --threads "${THREADS:-2}"

# Decoding by itself, and what the dataflow costs beyond decoding, features and inference.
cargo build --release --locked --package sonoscope-bench --bins
"$python" "$here/decoding.py" --alone "${program%/*}/decode-alone" \
    --video "$clips/two-minutes.mp4" --out "$here/results" --rounds "${ROUNDS:-3}"
"$python" "$here/parts.py" --program "$program" --alone "${program%/*}" \
    --network "$network" --video "$clips/two-minutes.mp4" --out "$here/results" \
    --rounds "${ROUNDS:-3}"

# What a file costs besides its seconds, and whether the cores always have something to do.
"$python" "$here/overhead.py" --program "$program" --out "$here/results" \
    --files "${FILES:-10000}"
"$python" "$here/busy.py" --program "$program" --network "$network" \
    --video "$clips/two-minutes.mp4" --out "$here/results" --clips "${CLIPS:-60}"

# Two processes with a core each against one with one.
"$python" "$here/cluster.py" --program "$program" --video "$clips/two-minutes.mp4" \
    --out "$here/results" --clips "${CLIPS:-60}" --rounds "${ROUNDS:-3}"

# What sinks beyond a network cost beside their clients.
"$python" "$here/sinks.py" --alone "${program%/*}/sinks-alone" --program "$program" \
    --video "$clips/two-minutes.mp4" --out "$here/results"

# Many live cameras at once; those that go and come back, and are put in and taken out.
cargo build --release --locked --package sonoscope --example camera-server
for what in load churn; do
    "$python" "$here/cameras.py" "$what" --program "$program" \
        --server "${program%/*}/examples/camera-server" --kept "$cache_dir/bench/cameras" \
        --out "$here/results" --cameras "${CAMERAS:-16}" --seconds "${SECONDS_LIVE:-600}" \
        --restarts "${RESTARTS:-200}" --adds "${ADDS:-1000}"
done

# How soon after a row its changes can be read.
"$python" "$here/answers.py" --program "$program" --server "${program%/*}/examples/camera-server" \
    --kept "$cache_dir/bench/cameras" --out "$here/results" --cameras "${CAMERAS:-16}" \
    --seconds "${SECONDS_ANSWERS:-120}"

# How soon a report opens, where there is a browser.
"$python" "$here/report_page.py" --program "$program" --out "$here/results" \
    --rounds "${ROUNDS:-3}"

# Training data: clips of ten seconds cut from the recording, and clips of the synthetic world.
cut=$clips/ten-seconds
if [[ ! -d $cut ]]; then
    rm -rf "$cut.partial" && mkdir "$cut.partial"
    ffmpeg -nostdin -v error -i "$clips/two-minutes.mp4" -c copy -f segment -segment_time 10 \
        -reset_timestamps 1 "$cut.partial/clip-%02d.mp4"
    mv -T "$cut.partial" "$cut"
fi
world=$(mktemp -d "$cache_dir/bench/world.XXXXXX")
trap 'rm -rf "$world" ${partial:+"$partial"}' EXIT
"$program" world --out "$world" --clips 8 --seconds 10 --seed "$seed"
"$python" "$here/peers/compare_extract.py" --program "$program" --out "$here/results" \
    --clips "1280x720, a key frame every 5 s=$cut" --clips "320x240, the world's=$world" \
    --rounds "${ROUNDS:-3}" --threads "${THREADS:-2}"
