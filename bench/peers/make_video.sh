#!/usr/bin/env bash
# Makes the recordings of the benchmark, unless they are there:
#
#   make_video.sh FOLDER         FOLDER/two-minutes.mp4: 120 s, 1280x720
#   make_video.sh FOLDER long    and FOLDER/two-hours.mp4: 7200 s, 1920x1080
#
# H.264 at 25 frames a second with a key frame every 5 s and B-frames between, AAC in stereo; the
# pictures are a Mandelbrot zoom under a moving test card with grain, which costs a decoder about
# what a camera's do. The colour matrix is declared, lest every decoder guess its own.
set -euo pipefail

folder=${1:?where to put them} wanted=${2:-short}
mkdir -p "$folder"
ffmpeg=(ffmpeg -nostdin -hide_banner -loglevel error -y)

# encode SECONDS SIZE BITRATE OUTPUT
encode() {
    local seconds=$1 size=$2 bitrate=$3 output=$4
    printf 'making %s: %s s of %s at %sit/s\n' "$output" "$seconds" "$size" "$bitrate"
    "${ffmpeg[@]}" \
        -f lavfi -i "mandelbrot=size=640x360:rate=25:maxiter=300:end_scale=0.3:end_pts=3000" \
        -f lavfi -i "testsrc2=size=$size:rate=25" \
        -f lavfi -i "sine=frequency=220:beep_factor=4:sample_rate=48000" \
        -f lavfi -i "anoisesrc=color=pink:amplitude=0.2:seed=1:sample_rate=48000" \
        -filter_complex "[0]scale=${size}[zoom];[zoom][1]blend=all_opacity=0.7,noise=alls=10:allf=t:all_seed=1,format=yuv420p[v];
                         [2][3]amerge=inputs=2[a]" \
        -map '[v]' -map '[a]' -t "$seconds" -shortest \
        -c:v libx264 -preset fast -threads 2 -b:v "$bitrate" -maxrate "$bitrate" -bufsize "$bitrate" \
        -g 125 -keyint_min 125 -sc_threshold 0 -bf 3 \
        -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv -c:a aac -b:a 128k \
        -movflags +faststart "$output.partial.mp4"
    mv "$output.partial.mp4" "$output"
}

short=$folder/two-minutes.mp4
[[ -f $short ]] || encode 120 1280x720 3M "$short"
[[ $wanted == long ]] || exit 0

# One minute is encoded, and copied 120 times: what is decoded counts, not what is on show.
minute=$folder/minute-1080p.mp4 long=$folder/two-hours.mp4
[[ -f $long ]] && exit 0
[[ -f $minute ]] || encode 60 1920x1080 5M "$minute"
printf 'making %s: %s, 120 times\n' "$long" "$minute"
"${ffmpeg[@]}" -stream_loop 119 -i "$minute" -c copy -movflags +faststart "$long.partial.mp4"
mv "$long.partial.mp4" "$long"
