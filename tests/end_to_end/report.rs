//! `sonoscope report`: what the page holds, and how it fares in a real browser.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{
    jobs::{JSONL, Job, Kind, PARQUET, clip},
    program::sonoscope,
    world,
};

/// Seconds of the large page.
const SECONDS: usize = 10_000;

/// How long it may take until the first timelines are drawn.
const READY_MS: u64 = 3_000;

/// `null:`, which keeps no rows.
const NULL: Kind = Kind {
    uri: |_| "null:".into(),
    ..JSONL
};

/// The page that is made of these arguments.
fn page<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("page.html");
    (sonoscope(["report", "--out"]).and([&path]).and(arguments)).done();
    fs::read_to_string(path).unwrap()
}

/// What the script of a page draws.
fn data(page: &str) -> Value {
    let mark = "<script type=\"application/json\" id=\"data\">";
    let start = page.find(mark).unwrap() + mark.len();
    let end = start + page[start..].find("</script>").unwrap();
    serde_json::from_str(&page[start..end]).unwrap()
}

fn pictures(page: &str) -> usize {
    page.matches("<img ").count()
}

#[test]
fn lines_and_parquet_give_the_same_page() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let (lines, folder) = (path("rows.jsonl"), path("rows"));
    let clips = &world()[..2];
    (sonoscope(["run", "--include", "heatmap"]).and(clips))
        .and(["--sink".to_owned(), format!("jsonl:{lines}")])
        .and(["--sink".to_owned(), format!("parquet:{folder}")])
        .and(["--heatmaps".to_owned(), path("maps")])
        .done();
    let of_lines = page([&lines]);
    let drawn = data(&of_lines);
    assert_eq!(drawn, data(&page([&folder])));
    let sources = drawn["sources"].as_array().unwrap();
    let ids: Vec<_> = sources.iter().map(|source| &source["id"]).collect();
    assert_eq!(ids, ["clip-00000", "clip-00001"]);
    assert_eq!(sources[0]["pieces"][0]["audio"].as_str().unwrap().len(), 3);

    let shown = of_lines.matches("<button class=\"shot\"").count();
    assert!(shown > 0);
    assert!(of_lines.contains("Rows do not say which sources failed"));
    let media = world()[0].parent().unwrap().to_str().unwrap();
    let with_media = page([&lines, "--media", media]);
    assert_eq!(pictures(&with_media), shown, "the recordings are there");
    let without = (fs::read_to_string(&lines).unwrap().lines())
        .map(|line| line.replace("\"heatmap\":[", "\"was\":[") + "\n")
        .collect::<String>();
    fs::write(&lines, without).unwrap();
    let without = page([&lines]);
    assert_eq!(pictures(&without), 0);
    assert!(without.contains("no pictures here"));
    let kept = page([&lines, "--heatmaps", &path("maps")]);
    assert!(pictures(&kept) > 0, "the run kept some");
}

#[test]
fn what_holds_no_rows_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("rows.jsonl");
    let report = || sonoscope(["report"]).and([&path]);
    report().end().exited(2).explains(&["cannot read"]);
    fs::write(&path, "").unwrap();
    report().end().exited(2).explains(&["no rows"]);
    fs::write(&path, "{\"segment\": 1}\n").unwrap();
    report().end().exited(2).explains(&["line 1", "is no row"]);
    let folder = sonoscope(["report"]).and([home.path()]);
    folder.end().exited(2).explains(&["no Parquet file"]);
}

#[test]
fn the_state_of_a_job_leads_to_its_rows_and_tells_what_failed() {
    for kind in [JSONL, PARQUET] {
        let job = Job::new(kind, &[clip(0, 16), "/nowhere/at <all>.mp4".into()]);
        job.run().end().exited(1);
        let of_state = page([job.state()]);
        assert_eq!(data(&of_state), data(&page([job.output()])));
        assert_eq!(data(&of_state)["sources"].as_array().unwrap().len(), 1);
        for words in [
            "The job is finished: 1 done, 1 failed, 0 left.",
            "there is no file &quot;/nowhere/at &lt;all&gt;.mp4&quot;",
            "check the path",
        ] {
            assert!(of_state.contains(words), "no `{words}`");
        }
        assert!(!page([job.output()]).contains("check the path"));
    }
}

#[test]
fn of_a_job_that_goes_on_what_is_committed_is_shown() {
    let job = Job::new(JSONL, &[clip(0, 16)]);
    job.run().done();
    let whole = data(&page([job.state()]));
    // What a job writes before its next commit; and the tail of a line, as a crash leaves.
    let mut lines = fs::read_to_string(job.output()).unwrap();
    let first = lines.lines().next().unwrap();
    lines += &format!("{}\n{{\"schema\":1,\"sou", first.replace("job-0", "job-9"));
    fs::write(job.output(), lines).unwrap();
    assert_eq!(data(&page([job.state()])), whole);
    let torn = sonoscope(["report"]).and([job.output()]).end().exited(2);
    torn.explains(&["is no row", "torn"]);
}

#[test]
fn a_state_whose_rows_cannot_be_read_says_so() {
    let job = Job::new(NULL, &[clip(0, 16)]);
    job.run().done();
    let report = |job: &Job| sonoscope(["report"]).and([job.state()]).end().exited(2);
    report(&job).explains(&["they go to null:", "--sink jsonl:PATH"]);

    let moved = Job::new(JSONL, &[clip(0, 16)]);
    moved.run().done();
    fs::rename(moved.output(), moved.path("elsewhere")).unwrap();
    report(&moved).explains(&["are not here", "name the rows themselves"]);

    // Where everything has failed, there is still that to show.
    let failed = Job::new(PARQUET, &["/nowhere/at/all.mp4".into()]);
    failed.run().end().exited(1);
    let shown = page([failed.state()]);
    assert!(shown.contains("0 done, 1 failed, 0 left"));
    let Some(browser) = browser() else { return };
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("page.html");
    fs::write(&path, shown).unwrap();
    let (document, said) = open(&browser, &path, home.path(), &["--dump-dom"]);
    assert_no_script_error(&document, &said);
}

#[test]
fn a_large_page_opens_soon_in_a_browser() {
    let Some(browser) = browser() else {
        eprintln!("left out: there is no Chromium here to open the page in");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let (rows, page) = (
        home.path().join("rows.jsonl"),
        home.path().join("page.html"),
    );
    fs::write(&rows, many_rows()).unwrap();
    (sonoscope(["report", "--out"]).and([&page, &rows])).done();

    let (document, said) = open(&browser, &page, home.path(), &["--dump-dom"]);
    let root = assert_no_script_error(&document, &said);
    let number = |name: &str| -> Option<u64> {
        let from = root.find(&format!("{name}=\""))? + name.len() + 2;
        root[from..].split('"').next()?.parse().ok()
    };
    let drawn = number("data-drawn").unwrap_or_else(|| panic!("no timeline drawn: {root}"));
    assert!(drawn > 0);
    let ready_ms = number("data-ready-ms").unwrap();
    assert!(
        ready_ms < READY_MS,
        "{ready_ms} ms until something is drawn"
    );
    let listed = document.matches("class=\"source\"").count();
    assert!(listed >= 40 && document.contains("40 of 40"), "{listed}");

    let shot = home.path().join("shot.png");
    let to_shot = format!("--screenshot={}", shot.display());
    open(&browser, &page, home.path(), &[&to_shot]);
    assert_drawn(&shot);
}

/// Rows of one network, of 40 sources.
fn many_rows() -> String {
    let mut lines = String::new();
    for second in 0..SECONDS {
        let (source, segment) = (second / 250, second % 250);
        let audio = if segment % 50 < 5 {
            "silent"
        } else {
            "present"
        };
        let row = json!({
            "source": format!("recording-{source}"), "segment": segment, "wall_clock": null,
            "audio": audio, "video": "present", "audio_dbfs": -20.0 - (segment % 40) as f32,
            "network": "one", "network_hash": "0123456789abcdef", "provider": "cpu",
            "precision": "fp32", "correspondence": (segment % 100) as f32 / 100.0,
            "localizable": false, "peak": null,
        });
        writeln!(lines, "{row}").unwrap();
    }
    lines
}

fn browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let programs = std::env::split_paths(&folders).flat_map(|f| names.map(|name| f.join(name)));
    programs.into_iter().find(|program| program.is_file())
}

/// What the browser gives on standard output and on standard error.
fn open(browser: &Path, page: &Path, home: &Path, options: &[&str]) -> (String, String) {
    let output = Command::new("timeout")
        .args(["60".as_ref(), browser.as_os_str()])
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
        ])
        .args(["--enable-logging=stderr", "--window-size=1200,2400"])
        .arg(format!(
            "--user-data-dir={}",
            home.join("browser").display()
        ))
        .args(options)
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let said = text(output.stderr);
    assert!(output.status.success(), "{said}");
    (text(output.stdout), said)
}

/// Asserts that the script of a page ran well, by what the browser gives; the page's root element.
#[track_caller]
fn assert_no_script_error<'a>(document: &'a str, said: &str) -> &'a str {
    let root = &document[..document.find("<head").unwrap()];
    assert!(!root.contains("data-error"), "{root}");
    assert!(!said.contains("CONSOLE"), "{said}");
    root
}

/// Asserts that bars of both colours are on the picture of the page.
fn assert_drawn(shot: &Path) {
    let file = std::io::BufReader::new(fs::File::open(shot).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let channels = frame.color_type.samples();
    let count = |colour: [u8; 3]| pixels.chunks(channels).filter(|p| p[..3] == colour).count();
    // `--good` and `--two` of the page's style in the light.
    for colour in [[0x2e, 0x8b, 0x57], [0xc2, 0x57, 0x2b]] {
        let pixels = count(colour);
        assert!(pixels > 5_000, "{pixels} pixels of {colour:?}");
    }
}
