//! A network of embeddings alone: what it sees and hears, and what has nothing to do with it.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{
    Rows,
    clips::ffmpeg,
    networks::{EMBEDDINGS, embeddings},
    program::{Run, sonoscope},
};

/// Three wide seconds: black, but for a middle that is a little wider than high, of white. A tone;
/// in the last second nothing is heard.
fn clip() -> PathBuf {
    let pictures = "-f lavfi -i color=black:s=640x256:r=25:d=3,drawbox=x=192:w=256:t=fill:c=white";
    let sound = "-f lavfi -i aevalsrc=lt(t\\,2)*0.5*sin(2*PI*1000*t):s=48000:d=3";
    let codecs = "-c:v libx264 -crf 10 -pix_fmt yuv420p -c:a pcm_s16le";
    ffmpeg(
        "white-in-the-middle.mkv",
        &format!("{pictures} {sound} {codecs}"),
    )
}

fn run(network: &tempfile::TempDir) -> Run {
    sonoscope(["run", "--network"])
        .and([network.path()])
        .and([clip()])
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap();
    values.iter().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn rows_have_embeddings_and_no_correspondence() {
    let network = embeddings();
    let ended = run(&network)
        .and(["--include", "embeddings,heatmap"])
        .done();
    let rows = Rows::parse(&ended.stdout);
    assert_eq!(rows.len(), 3);
    for row in &rows.0 {
        assert_eq!(row["network"], EMBEDDINGS);
        for field in ["correspondence", "distance", "peak", "heatmap"] {
            assert_eq!(row[field], Value::Null, "{field}");
        }
        assert_eq!(row["localizable"], false);
        // Of the middle alone, which is white.
        let seen = numbers(&row["frame_embedding"]);
        assert!(
            seen.iter().all(|colour| (colour - 1.0).abs() < 0.02),
            "{seen:?}"
        );
    }
    let heard = |second: usize| numbers(&rows.0[second]["audio_embedding"]);
    let [highest, mean, lowest] = heard(0)[..] else {
        panic!("{:?}", heard(0));
    };
    // A tone is far above most bands, and the range ends 80 dB below it.
    assert!(
        highest == 0.0 && mean < -50.0 && (lowest + 80.0).abs() < 1e-3,
        "{:?}",
        heard(0)
    );
    // All of silence is as loud as the loudest of it.
    assert_eq!(heard(2), [0.0, 0.0, 0.0]);
}

#[test]
fn without_embeddings_asked_for_the_run_says_that_nothing_will_be_seen() {
    let ended = run(&embeddings()).done();
    assert!(
        ended.stderr.contains("--include embeddings"),
        "{}",
        ended.stderr
    );
    let with = run(&embeddings()).and(["--include", "embeddings"]).done();
    assert!(!with.stderr.contains("--include"), "{}", with.stderr);
}

#[test]
fn networks_beside_it_say_what_they_say_alone() {
    let network = embeddings();
    let ave = ["--network", "ave-small", "--to", "1"];
    let both = run(&network).and(ave).and(["--table"]).done();
    let alone = sonoscope(["run"]).and(ave).and([clip()]).done();
    let beside: Vec<_> = both.stdout.lines().collect();
    assert_eq!(beside.len(), 2);
    assert_eq!(beside[1], alone.stdout.trim());
    let score = Rows::parse(&alone.stdout).numbers("correspondence")[0];
    assert!(
        both.stderr.contains(&format!("{score:.2}")),
        "{}",
        both.stderr
    );
}

#[test]
fn what_is_about_comparing_is_refused() {
    let (network, out) = (embeddings(), tempfile::tempdir().unwrap());
    let folder = out.path().to_str().unwrap();
    for show in [
        &["--table"][..],
        &["--heatmaps", folder],
        &["--overlay", folder],
    ] {
        let ended = run(&network).and(show).end().exited(2);
        ended.explains(&["nothing to show", "tip:"]);
    }
    for command in ["eval", "extract"] {
        let source = match command {
            "eval" => clip().parent().unwrap().to_owned(),
            _ => clip(),
        };
        let run = sonoscope([command]).and([source]);
        let run = run
            .and(["--out", folder, "--network"])
            .and([network.path()]);
        let ended = run.end().exited(2);
        ended.explains(&[command, "does not compare", "tip:"]);
    }
}
