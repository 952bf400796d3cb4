//! What goes in: folders, patterns, lists, watched folders, wall clocks.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
    },
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{
    Rows, ffmpeg,
    program::{Ended, Running, run_with_one_network, sonoscope, tool, wait_until},
    world,
};

/// A clip of the world under another name.
fn put(clip: usize, path: impl AsRef<Path>) {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(&world()[clip], path).unwrap();
}

/// The sources of rows, each with its number of rows.
fn sources(rows: &Rows) -> BTreeMap<String, usize> {
    let mut sources = BTreeMap::new();
    for source in rows.field("source") {
        *sources
            .entry(source.as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    sources
}

#[test]
fn a_folder_with_all_that_can_be_in_one() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let odd = |name: &[u8]| home.path().join(OsStr::from_bytes(name));
    put(0, at("plain.mp4"));
    put(1, at("2024/05/Front Door.MP4"));
    put(2, at("no-name-tells"));
    put(0, odd(b"not-utf8-\xff.mp4"));
    put(1, odd(b"new\nline \"quoted\".mp4"));
    put(0, at(".hidden.mp4"));
    fs::write(at("notes.txt"), "not a recording").unwrap();
    fs::write(at("zero.mp4"), "").unwrap();
    fs::write(at("letter.mp4"), "Dear camera,\n").unwrap();
    fs::File::create(at("enormous.mp4"))
        .unwrap()
        .set_len(1 << 42)
        .unwrap();
    tool("mkfifo", [at("fifo.mp4"), at("pipe")]);
    symlink(home.path(), at("2024/circle")).unwrap();
    symlink("/dev/zero", at("endless.mp4")).unwrap();
    symlink("nowhere.mp4", at("broken.mp4")).unwrap();
    symlink(at("plain.mp4"), at("again.mp4")).unwrap();
    fs::create_dir(at("closed")).unwrap();
    fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o000)).unwrap();

    let ended = run_with_one_network([home.path()]).end().exited(1);
    fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let rows = sources(&ended.rows());
    assert_eq!(rows.len(), 5, "{rows:?}");
    assert!(rows.values().all(|&count| count == 3), "{rows:?}");
    assert_eq!(rows.get("plain"), Some(&3), "{rows:?}");
    for begin in [
        "2024_05_front-door.mp4-",
        "no-name-tells-",
        "not-utf8-",
        "new-line-quoted-",
    ] {
        assert!(
            rows.keys().any(|id| id.starts_with(begin)),
            "{begin}: {rows:?}"
        );
    }
    // notes.txt and the pipe; .hidden.mp4; the circle and the second name of plain.mp4.
    ended.explains(&[
        "zero.mp4\" is empty",
        "fifo.mp4\" is a FIFO",
        "endless.mp4\" is a FIFO, socket or device",
        "broken.mp4\"",
        "letter.mp4: ",
        "enormous.mp4: ",
        "left out: 2 that are no recordings, 1 that is hidden, 2 that are found elsewhere",
    ]);
}

#[test]
fn a_folder_of_a_hundred_thousand_entries() {
    const NOTES: usize = 99_900;
    const EMPTY: usize = 98;
    let home = tempfile::tempdir().unwrap();
    put(0, home.path().join("a-first.mp4"));
    put(1, home.path().join("z-last.mp4"));
    let few_kib = most_memory_kib(run_with_one_network([home.path()]).start()).0;
    for number in 0..NOTES {
        fs::File::create(home.path().join(format!("notes-{number:06}.txt"))).unwrap();
    }
    for number in 0..EMPTY {
        fs::File::create(home.path().join(format!("empty-{number:03}.mp4"))).unwrap();
    }
    let (many_kib, ended) = most_memory_kib(run_with_one_network([home.path()]).start());
    let ended = ended.exited(1);
    let found = sources(&ended.rows());
    assert_eq!(found.keys().collect::<Vec<_>>(), ["a-first", "z-last"]);
    ended.explains(&[
        "empty-000.mp4\" is empty",
        "and 78 more that failed",
        "2 sources done, 98 failed; 6 seconds",
        "left out: 99900 that are no recordings",
    ]);
    assert!(
        few_kib > 0 && many_kib < few_kib + 96 * 1024,
        "{few_kib} and {many_kib} KiB"
    );
}

/// Runs the program to its end; the most memory that it had, as far as it was looked at.
fn most_memory_kib(mut running: Running) -> (u64, Ended) {
    let status = format!("/proc/{}/status", running.id());
    let mut most_kib = 0;
    while !running.is_over() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        most_kib = most_kib.max(kib.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (most_kib, running.end())
}

#[test]
fn a_pattern_and_a_list_name_recordings_with_ids_that_stay() {
    let home = tempfile::tempdir().unwrap();
    put(0, home.path().join("a/one.mp4"));
    put(1, home.path().join("b/two.mp4"));
    let pattern = home.path().join("*/*.mp4");
    let run = |names: &[OsString]| sources(&run_with_one_network(names).done().rows());
    let found = run(&[pattern.clone().into()]);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["a_one", "b_two"]);

    let list = home.path().join("list.txt");
    let lines = "# mine\nb/two.mp4\na/one.mp4,id=Front Door, start=2024-05-01T12:00:00+02:00\n";
    fs::write(&list, lines).unwrap();
    let name = OsString::from(format!("@{}", list.display()));
    let rows = run_with_one_network([&name]).done().rows();
    let told = rows.of("front-door");
    assert_eq!(told.field("wall_clock")[1], "2024-05-01T10:00:01Z");
    assert_eq!(told.runs("clock_source"), "given 3");
    assert_eq!(rows.of("b_two").runs("wall_clock"), "null 3");
}

#[test]
fn recordings_tell_when_they_began() {
    let made = "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 \
        -f lavfi -i sine=frequency=440:duration=2 -c:v libx264 -preset ultrafast -c:a aac \
        -metadata creation_time=2024-05-01T12:34:56Z";
    for extension in ["mp4", "mkv"] {
        let clip = ffmpeg(&format!("created.{extension}"), made);
        let run = run_with_one_network(["--clock", "container"]).and([&clip]);
        let rows = run.done().rows();
        assert_eq!(
            rows.field("wall_clock")[1],
            "2024-05-01T12:34:57Z",
            "{extension}"
        );
        assert_eq!(rows.runs("clock_source"), "container 2", "{extension}");
    }
    let home = tempfile::tempdir().unwrap();
    let clip = home.path().join("cam1_20240501_235959.mp4");
    put(0, &clip);
    let run = |options: &[&str]| run_with_one_network(options).and([&clip]).done().rows();
    let rows = run(&["--clock", "cam1_%Y%m%d_%H%M%S"]);
    assert_eq!(rows.field("wall_clock")[1], "2024-05-02T00:00:00Z");
    assert_eq!(rows.runs("clock_source"), "name 3");
    let rows = run(&["--start", "2024-05-01T00:00:00.25Z"]);
    assert_eq!(rows.field("wall_clock")[1], "2024-05-01T00:00:01.25Z");
    let rows = run(&["--clock", "container"]);
    assert_eq!(
        rows.runs("clock_source"),
        "file 3",
        "the world writes no time"
    );
}

#[test]
fn what_cannot_go_in_is_told_before_anything_begins() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).into_os_string();
    fs::write(home.path().join("list.csv"), "a, 0, 10, \"/m/1\"\n").unwrap();
    fs::write(home.path().join("list.txt"), "a.mp4,start=noon\n").unwrap();
    let mut list = OsString::from("@");
    list.push(path("list.txt"));
    let folder = home.path().as_os_str().to_owned();
    for (arguments, words) in [
        (vec![path("list.csv")], &["--clips"][..]),
        (vec![list], &["line 1", "noon"]),
        (
            vec![
                "--start".into(),
                "2024-05-01T00:00:00Z".into(),
                folder.clone(),
            ],
            &["single recording"],
        ),
        (
            vec!["--clock".into(), "contaner".into(), folder.clone()],
            &["no clock"],
        ),
        (
            vec!["--watch".into(), path("a.mp4")],
            &["no folder to watch"],
        ),
        (vec![folder], &["there is no recording in"]),
        (vec![path("nothing*.mp4")], &["there is no recording in"]),
    ] {
        sonoscope(["run"])
            .and(arguments)
            .end()
            .exited(2)
            .explains(words);
    }
}

#[test]
fn a_watched_folder_gives_what_comes_into_it() {
    let home = tempfile::tempdir().unwrap();
    let inbox = home.path().join("inbox");
    put(0, home.path().join("first.mp4"));
    put(1, home.path().join("second.mp4"));
    fs::create_dir(&inbox).unwrap();
    let out = home.path().join("rows.jsonl");
    let sink = format!("jsonl:{}", out.display());
    let running = run_with_one_network(["--watch", "--sink", &sink])
        .and([&inbox])
        .start();
    let has = |id: &str, count: usize| {
        let rows = fs::read_to_string(&out).unwrap_or_default();
        rows.matches(&format!("\"source\":\"{id}\"")).count() == count
    };
    let in_pieces = |from: PathBuf, to: PathBuf| {
        // Somebody writes it while it is watched.
        let bytes = fs::read(from).unwrap();
        let mut file = fs::File::create(to).unwrap();
        for piece in bytes.chunks(bytes.len() / 5 + 1) {
            std::io::Write::write_all(&mut file, piece).unwrap();
        }
    };
    // Also if it comes before the folder is watched, its rest after that is waited for.
    in_pieces(home.path().join("first.mp4"), inbox.join("first.mp4"));
    wait_until("the first is scored", || has("first", 3));
    let new = home.path().join("new");
    fs::create_dir(&new).unwrap();
    fs::rename(home.path().join("second.mp4"), new.join("second.mp4")).unwrap();
    fs::rename(&new, inbox.join("new")).unwrap();
    wait_until("the second is scored", || has("new_second", 3));
    let id = running.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let ended = running.end().exited(0);
    assert!(ended.stderr.contains("done"), "{}", ended.stderr);
    assert!(has("first", 3) && has("new_second", 3));
}
