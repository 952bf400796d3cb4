//! `sonoscope networks`: other people's weights, taken in, used and handed on.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use sonoscope::weights::{
    Pull,
    catalogue::{Figures, Form, Published},
    fetch,
    hashes::Hashes,
    own::Own,
    pull,
};
use tempfile::TempDir;

use crate::support::{
    program::{Run, sonoscope, tool},
    repository,
    server::{Answer, Server, response, whole},
    world,
};

/// A user with nothing of their own, and a Python that converts nothing but copies `ave-small`.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in *\" -c \"*) exit;; esac\nfor word; do out=$word; done\n\
             [ -n \"$REFUSES\" ] && echo \"error: $REFUSES\" >&2 && exit 1\n\
             cd {}/models/zoo/ave-small && mkdir -p \"$out\" && \
             cp frame.onnx audio.onnx head.onnx \"$out\"\n",
            repository().display()
        );
        fs::write(home.python(), script).unwrap();
        fs::set_permissions(home.python(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(home.file(), "weights").unwrap();
        home
    }

    fn python(&self) -> PathBuf {
        self.0.path().join("python")
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("theirs.pt")
    }

    fn networks(&self) -> PathBuf {
        self.0.path().join("data/sonoscope/networks")
    }

    /// `sonoscope` in this home.
    fn run(&self, command: &str) -> Run {
        sonoscope(command.split_whitespace())
            .with("XDG_DATA_HOME", self.0.path().join("data"))
            .with("SONOSCOPE_PYTHON", self.python())
    }

    fn import(&self, options: &str) -> Run {
        let run = self.run("networks import").and([self.file()]);
        run.and(options.split_whitespace())
    }

    /// What lies among the networks, however deep, without what locks them.
    fn left(&self) -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => walk(&path, found),
                    path => found.push(path.file_name().unwrap().to_str().unwrap().into()),
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.networks(), &mut found);
        found.retain(|name| name != ".lock");
        found.sort();
        found
    }
}

/// The Python of `make setup-training`.
fn torch() -> Option<PathBuf> {
    let python = repository().join(".runtime/python/bin/python");
    if !python.exists() {
        eprintln!("left out: {} is not there", python.display());
        return None;
    }
    Some(python)
}

/// A state dict as published, of random weights.
fn made_up(python: &Path, family: &str, path: &Path) {
    let code = format!(
        "import sys; sys.path[:0] = ['tests', '.']; import torch, test_published\n\
         torch.save(test_published.made_up('{family}'), sys.argv[1])"
    );
    let folder = repository().join("models/training");
    let words = [
        "-C".into(),
        folder,
        python.into(),
        "-c".into(),
        code.into(),
        path.into(),
    ];
    tool("env", words);
}

#[test]
fn a_file_becomes_a_network_that_is_listed_told_of_run_and_exported() {
    let home = Home::new();
    let import = home.import("--as ave --name mine/one --license CC0-1.0");
    let ended = import.and(["--trained-on=--my recordings"]).done();
    assert_eq!(
        ended.stdout.trim(),
        home.networks().join("mine/one").to_str().unwrap()
    );
    let card = fs::read_to_string(home.networks().join("mine/one/CARD.md")).unwrap();
    let needed = [
        "# mine/one",
        "AVE-Net",
        "theirs.pt",
        "--my rec",
        "CC0-1.0",
        "no file that is known",
    ];
    for needed in needed {
        assert!(card.contains(needed), "no `{needed}` in:\n{card}");
    }

    let table = home.run("networks list").done().stdout;
    let line = table
        .lines()
        .find(|line| line.starts_with("mine/one "))
        .unwrap();
    assert!(line.contains("AVE-Net") && line.contains("fp32"), "{line}");
    assert!(
        table.lines().any(|line| line.starts_with("avol-small ")),
        "{table}"
    );
    let json: Value =
        serde_json::from_str(&home.run("networks list --json").done().stdout).unwrap();
    let entries = json.as_array().unwrap();
    let one = entries
        .iter()
        .find(|entry| entry["name"] == "mine/one")
        .unwrap();
    assert_eq!(one["family"], "ave");
    let files = fs::read_dir(home.networks().join("mine/one")).unwrap();
    let sizes = files
        .flatten()
        .filter(|file| file.path().extension().unwrap() == "onnx");
    let bytes: u64 = sizes.map(|file| file.metadata().unwrap().len()).sum();
    assert_eq!(one["size_bytes"], bytes);

    let info = home.run("networks info mine/one --json").done().stdout;
    assert_eq!(info, home.run("inspect mine/one --json").done().stdout);
    home.run("run --network mine/one --to 1")
        .and(&world()[..1])
        .done();

    let out = home.0.path().join("out/copy");
    home.run("networks export mine/one --out")
        .and([&out])
        .done();
    for name in ["CARD.md", "frame.onnx", "audio.onnx", "head.onnx"] {
        let from = fs::read(home.networks().join("mine/one").join(name)).unwrap();
        assert_eq!(fs::read(out.join(name)).unwrap(), from, "{name}");
    }
    let again = home.run("networks export mine/one --out").and([&out]).end();
    again.exited(2).explains(&["holds something"]);
}

#[test]
fn a_name_is_given_anew_only_on_request() {
    let home = Home::new();
    home.import("--as ave --name mine").done();
    home.import("--as ave --name mine")
        .end()
        .exited(2)
        .explains(&["--replace"]);
    home.import("--as ave --name mine --replace").done();
    home.import("--as ave --name ave-small")
        .end()
        .exited(2)
        .explains(&["already"]);
    home.import("--as ave --name ../x")
        .end()
        .exited(2)
        .explains(&["no name"]);
    let promise = home.import("--as ave --name allthatsound/best").end();
    promise.exited(2).explains(&["published"]);
    assert_eq!(
        home.left(),
        ["CARD.md", "audio.onnx", "frame.onnx", "head.onnx"]
    );
}

#[test]
fn what_cannot_be_imported_leaves_nothing() {
    let home = Home::new();
    home.import("")
        .end()
        .exited(2)
        .explains(&["--as", "--name"]);
    let refused = home
        .import("--as l3 --name x")
        .with("REFUSES", "theirs is something else");
    refused
        .end()
        .exited(2)
        .explains(&["theirs is something else", "--as"]);
    // The stand-in makes an AVE-Net whatever it is asked for.
    home.import("--as l3 --name x").end().exited(3);
    let nowhere = home
        .run("networks import /nowhere.pt --as ave --name x")
        .end();
    nowhere.exited(2).explains(&["/nowhere.pt cannot be read"]);
    let folder = home.run("networks import / --as ave --name x").end();
    folder.exited(2).explains(&["it is no file"]);
    assert_eq!(home.left(), [""; 0]);
}

#[test]
fn without_pytorch_there_is_a_tip() {
    let home = Home::new();
    let lacks = "#!/bin/sh\necho torch\n";
    fs::write(home.python(), lacks).unwrap();
    let ended = home.import("--as ave --name x").end();
    ended
        .exited(3)
        .explains(&["has no torch", "make setup-training"]);
    fs::remove_file(home.python()).unwrap();
    let ended = home.import("--as ave --name x").end();
    ended
        .exited(3)
        .explains(&["does not start", "make setup-training"]);
}

#[test]
fn only_the_published_file_is_taken() {
    let home = Home::new();
    let server = Server::start(|_| whole(b"something else"));
    let pull = || {
        home.run("networks pull allthatsound/ave --from")
            .and([server.url()])
            .end()
    };
    let ended = pull().exited(3);
    // As `git hash-object` has it.
    let found = "339f0be6c0f5257a3279fcefc45373e805b7ebc3";
    ended.explains(&[
        "AVE-Net_inst.pt",
        found,
        "eb0e7b1330a62e2edc374d50748a8792ea08c8b7",
    ]);
    assert_eq!(home.left(), [""; 0]);
    pull().exited(3);
    assert_eq!(server.heads().len(), 2, "what was wrong is fetched anew");
}

#[test]
fn servers_that_refuse_are_told_of() {
    let home = Home::new();
    let pull = |url: &str| {
        home.run("networks pull allthatsound/avol --from")
            .and([url])
            .end()
    };
    let server = Server::start(|_| Answer::Bytes(response("404 Not Found", "", b"")));
    pull(&server.url())
        .exited(3)
        .explains(&["404", "networks import"]);
    let server =
        Server::start(|_| Answer::Bytes(response("200 OK", "Content-Length: 900\n", &[7; 100])));
    pull(&server.url())
        .exited(3)
        .explains(&["100 of 900 bytes", "where it stopped"]);
    assert_eq!(home.left(), ["c6d16c067132b6ce9bc9813fd02c254f13284bc8"]);
    pull("http://example.org/").exited(2);
    let unknown = home.run("networks pull allthatsound/l4").end();
    unknown.exited(2).explains(&["allthatsound/l3-aug"]);
}

#[test]
fn a_proxy_is_asked_for_the_repository() {
    let home = Home::new();
    let proxy = Server::start(|_| Answer::Bytes(response("403 Forbidden", "", b"")));
    let pull = home.run("networks pull allthatsound/ave");
    let ended = pull
        .with("ALL_PROXY", proxy.url())
        .with("NO_PROXY", "")
        .end();
    ended.exited(3).explains(&["cannot be reached"]);
    let heads = proxy.heads();
    assert!(
        heads[0].starts_with("connect raw.githubusercontent.com:443"),
        "{heads:?}"
    );
}

#[test]
fn published_weights_are_imported_in_earnest() {
    let Some(python) = torch() else { return };
    let home = Home::new();
    made_up(&python, "ave", &home.file());
    let import = |options: &str| home.import(options).with("SONOSCOPE_PYTHON", &python);
    let other = import("--as l3 --name x").end().exited(2);
    other.explains(&[
        "theirs.pt does not hold the published l3",
        "fc1.weight [128, 1024]",
    ]);
    import("--as ave --name theirs/ave --license MIT").done();
    let info = home.run("networks info theirs/ave").done().stdout;
    assert!(
        info.contains("theirs/ave (AVE-Net)") && info.contains("MIT"),
        "{info}"
    );
    let run = home
        .run("run --network theirs/ave --to 1")
        .and(&world()[..1])
        .done();
    assert!(
        run.stdout.contains(r#""network":"theirs/ave""#),
        "{}",
        run.stdout
    );
}

#[test]
fn openl3_is_two_files_that_are_fetched_by_hand() {
    let home = Home::new();
    let alone = home.import("--as openl3-mel256 --name openl3/x").end();
    alone.exited(2).explains(&["two files", "--image"]);
    let other = home.import("--as ave --name x --image").and([home.file()]);
    other.end().exited(2).explains(&["OpenL3's weights alone"]);
    let nowhere = home.import("--as openl3-linear --name x --image /nowhere.h5");
    let ended = nowhere.end().exited(2);
    ended.explains(&["/nowhere.h5 cannot be read"]);
    let pull = home.run("networks pull openl3/music").end().exited(2);
    pull.explains(&["no git blob ids", "networks import AUDIO --image IMAGE"]);
    assert_eq!(home.left(), [""; 0]);
}

#[test]
fn openl3_is_imported_in_earnest() {
    let Some(python) = torch() else { return };
    let home = Home::new();
    let code = "import sys, pathlib; sys.path[:0] = ['tests', '.']; import test_openl3\n\
                test_openl3.write_both(pathlib.Path(sys.argv[1]))";
    let folder = home.0.path();
    let words = ["-c".as_ref(), code.as_ref(), folder.as_os_str()];
    let training = repository().join("models/training");
    let in_training = ["-C".as_ref(), training.as_os_str(), python.as_os_str()];
    tool("env", in_training.into_iter().chain(words));
    let import = |sound: &str, image: &str| {
        home.run("networks import --as openl3-mel128 --name openl3/mine --license MIT")
            .and([folder.join(sound)])
            .and(["--image".as_ref(), folder.join(image).as_os_str()])
            .with("SONOSCOPE_PYTHON", &python)
    };
    let turned = import("frame.h5", "audio.h5").end().exited(2);
    turned.explains(&["frame.h5 does not hold the published audio network of OpenL3"]);
    import("audio.h5", "frame.h5").done();
    assert_eq!(home.left(), ["CARD.md", "audio.onnx", "frame.onnx"]);
    let card = fs::read_to_string(home.networks().join("openl3/mine/CARD.md")).unwrap();
    for needed in [
        "OpenL3, trained by others",
        "the file audio.h5",
        "the file frame.h5",
        "no head",
    ] {
        assert!(card.contains(needed), "no `{needed}` in:\n{card}");
    }
    let info = home.run("networks info openl3/mine").done().stdout;
    assert!(info.contains("128 mel bands"), "{info}");
    let run = home.run("run --include embeddings --to 1 --network openl3/mine");
    let row: Value = serde_json::from_str(&run.and(&world()[..1]).done().stdout).unwrap();
    for field in ["frame_embedding", "audio_embedding"] {
        assert_eq!(row[field].as_array().unwrap().len(), 512, "{field}");
    }
}

#[test]
fn published_weights_are_pulled_in_earnest() {
    let Some(python) = torch() else { return };
    let home = Home::new();
    made_up(&python, "l3", &home.file());
    let blob_id = tool("git", ["hash-object".as_ref(), home.file().as_os_str()]);
    let blob_id = String::from_utf8(blob_id).unwrap().trim().to_owned();
    assert_eq!(Hashes::of(&home.file()).unwrap().blob_id, blob_id);
    let content = fs::read(home.file()).unwrap();
    let server = Server::start(move |_| whole(&content));
    let published = Published {
        name: "theirs/l3",
        form: Form::L3,
        file: "L3.pt",
        blob_id: blob_id.leak(),
        trained_on: "nothing",
        figures: Figures::Alike("None."),
    };
    let wanted = Pull {
        published: &published,
        from: Some(fetch::base(&server.url()).unwrap()),
        replace: false,
        quiet: true,
    };
    let own = Own::at(home.networks()).unwrap();
    let path = pull(&wanted, &own).unwrap();
    assert_eq!(pull(&wanted, &own).unwrap(), path);
    assert_eq!(
        server.heads().len(),
        1,
        "what is there is not fetched again"
    );
    let files = [
        "CARD.md",
        "LICENSE",
        "audio.onnx",
        "frame.onnx",
        "head.onnx",
    ];
    assert_eq!(home.left(), files);
    let card = fs::read_to_string(path.join("CARD.md")).unwrap();
    assert!(
        card.contains(&server.url()) && card.contains(published.blob_id),
        "{card}"
    );
}
