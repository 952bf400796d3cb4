//! The page for people, opened in a browser.

use std::{path::PathBuf, process::Command};

use super::support::{Open, networks, row, scored};
use crate::cameras::State;

#[test]
fn the_page_shows_every_source_in_a_browser() {
    let Some(browser) = browser() else {
        eprintln!("left out: there is no Chromium here to open the page in");
        return;
    };
    crate::start_gstreamer().unwrap();
    let open = Open::new(10);
    let (yard, gate) = (open.add("yard"), open.add("gate"));
    open.observer
        .scored(&scored(&yard, 1_700_000_000), &networks());
    open.witness()(&[row(&yard, 1_700_000_000)]);
    yard.fares(State::Streaming, None, None);
    gate.fares(
        State::Failed,
        Some("no <b>route</b>".into()),
        Some("look at the cable"),
    );

    let home = tempfile::tempdir().unwrap();
    let run = Command::new("timeout")
        .args(["60".as_ref(), browser.as_os_str()])
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
        ])
        .args(["--dump-dom", "--virtual-time-budget=3000"])
        .arg(format!("--user-data-dir={}", home.path().display()))
        .arg(format!("http://{}/", open.server.address()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && !said.contains("CONSOLE"), "{said}");
    let document = String::from_utf8_lossy(&run.stdout).into_owned();
    let main = &document[document.find("<main").unwrap()..document.find("</main>").unwrap()];
    for shown in [
        "<h2>yard</h2>",
        "streaming since",
        "sound belongs to the picture (0.75)",
        "failed since",
        "no &lt;b&gt;route&lt;/b&gt;: look at the cable",
    ] {
        assert!(main.contains(shown), "{shown} is not in {main}");
    }
    // A picture is hidden until the browser has understood it.
    let pictures: Vec<_> = main
        .split("<img")
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
        .collect();
    assert_eq!(pictures.len(), 2);
    for picture in pictures {
        assert_eq!(
            picture.contains("hidden"),
            picture.contains("gate"),
            "{picture}"
        );
    }
    assert!(document.contains("1 of 2 streaming"));
}

fn browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut programs = std::env::split_paths(&folders).flat_map(|f| names.map(|name| f.join(name)));
    programs.find(|program| program.is_file())
}
