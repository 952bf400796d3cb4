//! What is told of a network without running it.

use sonoscope_models::{NetworkInfo, Precision};

use crate::tiny::Tiny;

#[test]
fn tells_files_hashes_and_contract() {
    let both = Tiny::avol()
        .copy("frame.onnx", "frame.int8.onnx")
        .copy("audio.onnx", "audio.int8.onnx");
    let (home, dir) = both.write();
    let info = NetworkInfo::read(&dir).expect("is whole");
    let files: Vec<_> = info.files.iter().map(|file| file.file.as_str()).collect();
    assert_eq!(
        files,
        [
            "audio.int8.onnx",
            "audio.onnx",
            "frame.int8.onnx",
            "frame.onnx",
            "head.onnx"
        ]
    );
    let precisions: Vec<_> = info.precisions.iter().map(|p| p.precision).collect();
    assert_eq!(precisions, [Precision::Fp32, Precision::Int8]);
    let on_disk = std::fs::metadata(home.path().join("head.onnx")).expect("is there");
    assert_eq!(info.files[4].size_bytes as u64, on_disk.len());

    let text = info.to_string();
    for needed in [
        &info.files[0].sha256,
        "heatmap 4x4",
        "seeded, untrained",
        "AVOL-Net",
    ] {
        assert!(text.contains(needed), "{needed} is not in:\n{text}");
    }
    let json = serde_json::to_value(&info).expect("is plain data");
    assert_eq!(json["contract"]["spectrogram"]["bins"], 9);
    assert_eq!(json["contract"].get("part"), None);
    assert_eq!(
        json["contract"]["spectrogram"]["divisor"].to_string(),
        "26.68"
    );
    assert_eq!(json["precisions"][1]["precision"], "int8");
}

#[test]
fn tells_of_towers_without_a_head() {
    let (_home, dir) = Tiny::openl3().write();
    let info = NetworkInfo::read(&dir).expect("is whole");
    let files: Vec<_> = info.files.iter().map(|file| file.file.as_str()).collect();
    assert_eq!(files, ["audio.onnx", "frame.onnx"]);
    assert_eq!(info.precisions[0].network_hash.len(), 64);
}

#[test]
fn tells_of_clips_and_waveforms() {
    let (_home, dir) = Tiny::multisensory().write();
    let info = NetworkInfo::read(&dir).expect("is whole");
    let text = info.to_string();
    for needed in ["Multisensory", "2 frames, 2 a second", "8200 samples"] {
        assert!(text.contains(needed), "{needed} is not in:\n{text}");
    }
    assert!(!text.contains("spectrogram"), "{text}");
}

#[test]
fn hashes_are_those_of_sha256() {
    let (home, dir) = Tiny::ave().write();
    let info = NetworkInfo::read(&dir).expect("is whole");
    let sum = |path: &std::path::Path| {
        let output = std::process::Command::new("sha256sum").arg(path).output();
        let line = String::from_utf8(output.expect("is installed").stdout).expect("is text");
        line.split_whitespace().next().expect("a hash").to_owned()
    };
    let hash = |name: &str| sum(&home.path().join(name));
    let hashes = ["frame.onnx", "audio.onnx", "head.onnx"].map(hash);
    assert_eq!(info.files[1].sha256, hashes[0]);
    let joined = home.path().join("hashes");
    std::fs::write(&joined, hashes.concat()).expect("can be written");
    assert_eq!(info.precisions[0].network_hash, sum(&joined));
}

#[test]
fn towers_of_two_networks_are_not_one() {
    let mut mixed = Tiny::ave()
        .copy("frame.onnx", "frame.int8.onnx")
        .copy("audio.onnx", "audio.int8.onnx");
    for file in ["frame.onnx", "audio.onnx"] {
        let page = &mut mixed.0.get_mut(file).expect("is a file").1;
        page["provenance"]["seed"] = 2.into();
    }
    let (_home, dir) = mixed.write();
    let text = NetworkInfo::read(&dir).expect_err("two seeds").to_string();
    assert!(text.contains("differ in `provenance.seed`"), "{text}");
}
