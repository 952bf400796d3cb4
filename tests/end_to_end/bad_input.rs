//! What goes wrong says so, names the source, tells what to do, and harms nothing else.

use std::{
    ffi::OsString,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{
    Rows, cache,
    clips::made,
    ffmpeg,
    program::{run_with_one_network, sonoscope, tool},
    world,
};

/// Picture and sound of six seconds.
const SIX_SECONDS: &str = "-f lavfi -i testsrc2=size=320x240:rate=25:duration=6 \
    -f lavfi -i sine=frequency=440:duration=6 -c:v libx264 -preset ultrafast -g 25 -c:a aac";

fn good(extension: &str) -> PathBuf {
    ffmpeg(&format!("six-seconds.{extension}"), SIX_SECONDS)
}

/// A file of these bytes.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = cache().join("bad");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// A run of one bad source, which must fail and say these words.
#[track_caller]
fn refused(path: &Path, words: &[&str]) -> Rows {
    let ended = run_with_one_network([path]).end().exited(1);
    let name = path.to_str().unwrap();
    let rows = ended.rows();
    let ended = ended.explains(words);
    assert!(
        ended.stderr.contains(name),
        "no `{name}` in:\n{}",
        ended.stderr
    );
    rows
}

#[test]
fn files_that_cannot_be_opened() {
    refused(Path::new("/nowhere/at/all.mp4"), &["there is no file"]);
    refused(&file("zero.mp4", b""), &["is empty"]);
    let fifo = cache().join("fifo.mp4");
    let _ = fs::remove_file(&fifo);
    tool("mkfifo", [&fifo]);
    refused(&fifo, &["FIFO"]);
    refused(Path::new("/dev/zero"), &["device"]);
}

#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = file("secret.mp4", b"secret");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        println!("left out: this user may read everything");
    } else {
        refused(&path, &["cannot read", "permissions"]);
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn files_that_are_not_media() {
    let noise: Vec<u8> = (0u32..16_384)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    assert_eq!(refused(&file("noise.mp4", &noise), &[]).len(), 0);
    assert_eq!(
        refused(&file("letter.mp4", b"Dear camera,\nhow are you?\n"), &[]).len(),
        0
    );
}

#[test]
fn a_file_whose_index_is_lost() {
    let bytes = fs::read(good("mp4")).unwrap();
    let cut = file("no-index.mp4", &bytes[..bytes.len() * 6 / 10]);
    assert_eq!(refused(&cut, &[]).len(), 0);
}

#[test]
fn what_was_there_before_the_cut_is_kept() {
    for extension in ["mkv", "ts"] {
        let bytes = fs::read(good(extension)).unwrap();
        let cut = file(&format!("cut.{extension}"), &bytes[..bytes.len() / 2]);
        let ended = run_with_one_network([&cut]).end();
        let rows = ended.rows();
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        assert!(
            (2..=4).contains(&rows.len()),
            "{extension}: half of six seconds, not {}",
            rows.len()
        );
        let whole = run_with_one_network([good(extension)]).done().rows();
        let of = |rows: &Rows| rows.numbers("correspondence")[..2].to_vec();
        assert_eq!(
            of(&rows),
            of(&whole),
            "{extension}: seconds before the cut are as ever"
        );
    }
}

#[test]
fn a_recording_shorter_than_its_header_says_is_not_done() {
    for extension in ["mkv", "mp4"] {
        let options = "-c copy -movflags +faststart";
        let whole = format!("-i {} {options}", good("mp4").display());
        let bytes = fs::read(ffmpeg(&format!("index-first.{extension}"), &whole)).unwrap();
        let cut = file(&format!("short.{extension}"), &bytes[..bytes.len() / 2]);
        let rows = refused(&cut, &["says that it lasts 6.0 s"]);
        assert!((2..=4).contains(&rows.len()), "{} rows", rows.len());
        let range = ["--to", "2"].map(OsString::from);
        let begin = run_with_one_network([&cut]).and(range).done();
        assert_eq!(begin.rows().len(), 2, "what is wanted of it is there");
    }
}

#[test]
fn damage_in_the_middle_costs_the_middle() {
    let mut bytes = fs::read(good("ts")).unwrap();
    let (begin, end) = (bytes.len() * 45 / 100, bytes.len() * 50 / 100);
    for (i, byte) in bytes[begin..end].iter_mut().enumerate() {
        *byte = (i * 37 % 251) as u8;
    }
    let path = file("damaged.ts", &bytes);
    let ended = run_with_one_network([&path]).end();
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    let segments = ended.rows().integers("segment");
    assert_eq!(segments.first(), Some(&Some(0)));
    assert!(
        segments.last() >= Some(&Some(5)),
        "rows behind the damage: {segments:?}"
    );
    let again = run_with_one_network([&path]).end();
    assert!(
        ended.stdout == again.stdout,
        "the same damage gives the same rows"
    );
}

#[test]
fn rows_before_the_damage_are_those_of_the_whole() {
    for extension in ["mkv", "mp4"] {
        let mut bytes = fs::read(good(extension)).unwrap();
        let (begin, end) = (bytes.len() * 45 / 100, bytes.len() * 52 / 100);
        for (i, byte) in bytes[begin..end].iter_mut().enumerate() {
            *byte = (i * 37 % 251) as u8;
        }
        let path = file(&format!("damaged.{extension}"), &bytes);
        let first = run_with_one_network([&path]).end();
        assert!(!first.stderr.contains("panicked"), "{}", first.stderr);
        assert!(first.rows().len() >= 2, "{extension}: {}", first.stderr);
        let whole = run_with_one_network([good(extension)]).done().rows();
        let scores = |rows: Rows| rows.numbers("correspondence")[..2].to_vec();
        assert_eq!(scores(first.rows()), scores(whole), "rows before it");
    }
}

#[test]
fn a_missing_modality_is_an_outcome() {
    let silent = ffmpeg(
        "no-sound.mp4",
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -c:v libx264 -preset ultrafast",
    );
    let rows = run_with_one_network([&silent]).done().rows();
    assert_eq!((rows.runs("audio"), rows.len()), ("absent 2".into(), 2));
    assert!(rows.field("correspondence").iter().all(|c| c.is_null()));

    let blind = ffmpeg(
        "no-picture.m4a",
        "-f lavfi -i sine=frequency=440:duration=2 -c:a aac",
    );
    let rows = run_with_one_network([&blind]).done().rows();
    assert_eq!((rows.runs("video"), rows.len()), ("absent 2".into(), 2));
}

#[test]
fn a_moment_is_too_short() {
    let moment = ffmpeg(
        "moment.mp4",
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=0.2 -c:v libx264 -preset ultrafast",
    );
    refused(&moment, &["shorter than half a second"]);
}

#[test]
fn one_bad_source_touches_no_other() {
    let alone = sonoscope(["run"]).and([&world()[0]]).done().stdout;
    let noise = file("zero-among-others.mp4", b"");
    let run = sonoscope(["run"])
        .and([&noise, &world()[0]])
        .end()
        .exited(1);
    let ours: Vec<_> = run
        .stdout
        .lines()
        .filter(|l| l.contains("\"clip-00000\""))
        .collect();
    assert_eq!(ours, alone.lines().collect::<Vec<_>>());
    run.explains(&["zero-among-others", "failed", "clip-00000", "done"]);
}

#[test]
fn sinks_that_refuse() {
    let full = sonoscope(["run", "--sink", "jsonl:/dev/full"]).and([&world()[0]]);
    full.end()
        .exited(3)
        .explains(&["jsonl:/dev/full", "takes no more rows"]);
    let nowhere = sonoscope(["run", "--sink", "jsonl:/proc/rows.jsonl"]).and([&world()[0]]);
    nowhere
        .end()
        .exited(3)
        .explains(&["cannot open jsonl:/proc/rows.jsonl"]);
    let unknown = sonoscope(["run", "--sink", "pigeon:home"]).and([&world()[0]]);
    unknown.end().exited(2).explains(&["pigeon:home"]);
}

#[test]
fn what_is_asked_for_and_not_there() {
    let clip = &world()[0];
    let network = sonoscope(["run", "--network", "no-such-network"]).and([clip]);
    network
        .end()
        .exited(2)
        .explains(&["no-such-network", "ave-small"]);
    let device = sonoscope(["run", "--device", "cuda"]).and([clip]);
    let ended = device.end();
    if ended.status.success() {
        println!("left out: there is a GPU here");
    } else {
        let told = ended.exited(3).stderr;
        assert!(told.contains("cuda"), "{told}");
    }
    sonoscope(["run"]).end().exited(2).explains(&["no source"]);
    let live = sonoscope(["run", "rtsp://me:secret@/1"]).end().exited(2);
    let live = live.explains(&["rtsp: address"]);
    assert!(!live.stderr.contains("secret"), "{}", live.stderr);
}

#[test]
fn a_network_with_a_part_cut_off() {
    let folder = cache().join("broken-network");
    fs::create_dir_all(&folder).unwrap();
    let shipped = crate::support::repository().join("models/zoo/ave-small");
    for part in ["frame.onnx", "audio.onnx", "head.onnx"] {
        fs::copy(shipped.join(part), folder.join(part)).unwrap();
    }
    let audio = fs::read(folder.join("audio.onnx")).unwrap();
    fs::write(folder.join("audio.onnx"), &audio[..audio.len() / 2]).unwrap();
    let run = sonoscope(["run", "--network"]).and([&folder, &world()[0]]);
    let told = run.end().exited(3).stderr;
    assert!(told.contains("audio.onnx"), "{told}");
}

#[test]
fn an_interrupt_leaves_whole_rows_of_finished_seconds() {
    let long = made(
        "three-minutes.mp4",
        "two minutes of colour bars, 2",
        |path| {
            let words = "-nostdin -v error -y -f lavfi -i testsrc2=size=640x360:rate=25:duration=180 \
            -f lavfi -i sine=frequency=440:duration=180 -c:v libx264 -preset ultrafast -c:a aac";
            let words = words.split_whitespace().map(OsString::from);
            tool("ffmpeg", words.chain([path.into()]));
        },
    );
    let out = cache().join("interrupted.jsonl");
    let _ = fs::remove_file(&out);
    let sink = format!("jsonl:{}", out.display());
    let running = sonoscope(["run", "--sink", &sink]).and([&long]).start();
    let begun = || fs::metadata(&out).is_ok_and(|file| file.len() > 0);
    while !begun() {
        std::thread::yield_now();
    }
    let id = running.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let ended = running.end();
    assert!(
        matches!(ended.status.code(), Some(0 | 1)),
        "{}",
        ended.stderr
    );
    let text = fs::read_to_string(&out).unwrap();
    let rows = Rows::parse(&text);
    let segments: Vec<_> = rows.by("ave-small").integers("segment");
    let expected: Vec<_> = (0..segments.len() as i64).map(Some).collect();
    assert_eq!(segments, expected, "no hole");
    assert!(
        rows.field("audio").iter().all(|audio| *audio == "present"),
        "no cut second"
    );
}

#[test]
fn a_reader_that_goes_ends_the_run_quietly() {
    let script = format!(
        "{} run --quiet {} | head -n 1",
        env!("CARGO_BIN_EXE_sonoscope"),
        world()[0].display()
    );
    let line = tool("sh", ["-c", &script]);
    std::io::stdout().write_all(b"").unwrap();
    assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
}
