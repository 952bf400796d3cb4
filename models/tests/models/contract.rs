//! What a contract may say, and what happens when it says something else.

use std::path::Path;

use serde_json::{Value, json};
use sonoscope_models::{Contract, ContractError};

use crate::tiny::Tiny;

fn page() -> Value {
    Tiny::ave().0["frame.onnx"].1.clone()
}

fn clip_page() -> Value {
    Tiny::multisensory().0["audio.onnx"].1.clone()
}

fn embeddings_page() -> Value {
    Tiny::openl3().0["audio.onnx"].1.clone()
}

fn read(page: &Value) -> Result<Contract, ContractError> {
    Contract::from_json(&page.to_string(), Path::new("zoo/frame.onnx"))
}

#[test]
fn a_right_one_survives_writing_and_reading() {
    let contract = read(&page()).expect("is right");
    let again = serde_json::to_value(&contract).expect("is plain data");
    assert_eq!(read(&again).expect("is right"), contract);
    assert_eq!(again["frame"].get("clip"), None, "a page keeps its form");

    let contract = read(&clip_page()).expect("is right");
    let again = serde_json::to_value(&contract).expect("is plain data");
    assert_eq!(again.get("spectrogram"), None);
    assert_eq!(read(&again).expect("is right"), contract);
}

#[test]
fn a_page_of_embeddings_alone_is_read_written_and_told() {
    let contract = read(&embeddings_page()).expect("is right");
    assert!(!contract.outputs.compares());
    assert_eq!(contract.spectrogram_shape(), Some([9, 10]));
    let again = serde_json::to_value(&contract).expect("is plain data");
    assert_eq!(again["outputs"]["correspondence"], Value::Null);
    assert_eq!(read(&again).expect("is right"), contract);
    let told = contract.to_string();
    for needed in [
        "tiny (OpenL3)",
        "4x4 RGB from the middle, shorter side 4",
        "9 mel bands (Htk, norm Slaney, 0..50 Hz) x 10 frames; FFT 16 (Hann), hop 10, padded 2 + 4",
        "outputs      embeddings of 3\n",
    ] {
        assert!(told.contains(needed), "no `{needed}` in:\n{told}");
    }
}

#[test]
fn a_wrong_field_of_embeddings_alone_is_named() {
    let spectrogram = page()["spectrogram"].clone();
    let clip = json!({ "frames": 2, "rate_hz": 2 });
    assert_wrong(
        embeddings_page,
        [
            ("mel", Value::Null, "`spectrogram`: is missing"),
            (
                "spectrogram",
                spectrogram,
                "`mel`: is there beside `spectrogram`",
            ),
            ("frame.clip", clip, "looks at one picture"),
            ("frame.shorter_side", json!(3), "4 pixels are cut out of it"),
            ("audio.window_samples", json!(99), "has 100 samples"),
            ("mel.fft_samples", json!(12), "power of two"),
            ("mel.fft_samples", json!(128), "has 106 samples"),
            ("mel.hop_samples", json!(0), "must be above 0"),
            (
                "mel.pad_samples",
                json!([101, 0]),
                "more than there is sound",
            ),
            ("mel.power", json!(3), "must be 1 or 2"),
            ("mel.bins", json!(0), "must be above 0"),
            ("mel.frames", json!(11), "make 10"),
            ("mel.filters.scale", json!("bark"), "unknown variant"),
            ("mel.filters.min_hz", json!(-1.0), "0 or more"),
            ("mel.filters.max_hz", json!(51.0), "not above 50"),
            ("mel.floor", json!(0.0), "must be above 0"),
            ("mel.reference", json!("quietest"), "unknown variant"),
            ("mel.range_db", json!(0.0), "must be above 0"),
            ("outputs.distance", json!(true), "there is no head"),
            (
                "outputs.heatmap",
                json!([4, 4]),
                "heatmap is of the whole picture",
            ),
            ("outputs.embedding", Value::Null, "nothing would come out"),
        ],
    );
    let mut forgetful = embeddings_page();
    let outputs = forgetful["outputs"].as_object_mut().expect("an object");
    outputs.remove("correspondence");
    let text = read(&forgetful).expect_err("it forgot").to_string();
    assert!(text.contains("missing field `correspondence`"), "{text}");
}

/// Sees that a page with each of these fields changed is refused, and why.
fn assert_wrong<const N: usize>(page: fn() -> Value, wrong: [(&str, Value, &str); N]) {
    for (field, value, problem) in wrong {
        let (parent, name) = field.rsplit_once('.').unwrap_or(("", field));
        let parent = match parent {
            "" => String::new(),
            path => format!("/{}", path.replace('.', "/")),
        };
        let mut page = page();
        page.pointer_mut(&parent).expect("is a field")[name] = value;
        let text = read(&page).expect_err(field).to_string();
        assert!(text.contains(problem), "{field}: {text}");
    }
}

#[test]
fn a_wrong_field_of_a_clip_is_named() {
    let clip = json!({ "frames": 2, "rate_hz": 2 });
    let spectrogram = page()["spectrogram"].clone();
    let wrong = [
        (page(), "frame.clip", clip, "AVE-Net looks at one picture"),
        (
            page(),
            "spectrogram",
            Value::Null,
            "AVE-Net hears spectrograms",
        ),
        (
            clip_page(),
            "frame.clip",
            Value::Null,
            "looks at several pictures",
        ),
        (
            clip_page(),
            "spectrogram",
            spectrogram,
            "hears the waveform",
        ),
        (
            clip_page(),
            "frame.clip.frames",
            json!(0),
            "must be above 0",
        ),
        (clip_page(), "frame.clip.frames", json!(3), "must be even"),
        (
            clip_page(),
            "frame.clip.frames",
            json!(12),
            "5 seconds have only 10",
        ),
        (clip_page(), "frame.clip.rate_hz", json!(1), "must be even"),
        (
            clip_page(),
            "audio.rate_hz",
            json!(50_000),
            "must lie in 1000..48000",
        ),
        (
            clip_page(),
            "audio.window_samples",
            json!(0),
            "must be above 0",
        ),
        (
            clip_page(),
            "audio.window_samples",
            json!(8_201),
            "cannot be centred",
        ),
        (
            clip_page(),
            "audio.window_samples",
            json!(10_002),
            "5 seconds have only 10000",
        ),
    ];
    for (mut page, field, value, problem) in wrong {
        let (parent, name) = field.rsplit_once('.').unwrap_or(("", field));
        let parent = match parent {
            "" => String::new(),
            path => format!("/{}", path.replace('.', "/")),
        };
        page.pointer_mut(&parent).expect("is a field")[name] = value;
        let text = read(&page).expect_err(field).to_string();
        let start = format!("zoo/frame.onnx: contract field `{field}`: ");
        assert!(text.starts_with(&start), "{field}: {text}");
        assert!(text.contains(problem), "{field}: {text}");
    }
}

#[test]
fn a_wrong_field_is_named_with_its_file() {
    let wrong = [
        ("/network", json!("")),
        ("/family", json!("resnet")),
        ("/part", json!("tail")),
        ("/frame/width", json!(0)),
        ("/frame/height", json!("224")),
        ("/frame/mean", json!([0.5, 0.5])),
        ("/frame/std", json!([0.25, 0.0, 0.25])),
        ("/audio/rate_hz", json!(0)),
        ("/audio/window_samples", json!(50)),
        ("/audio/full_scale", json!(-1.0)),
        ("/spectrogram/tukey_alpha", json!(1.5)),
        ("/spectrogram/window_samples", json!(101)),
        ("/spectrogram/hop_samples", json!(0)),
        ("/spectrogram/fft_samples", json!(8)),
        ("/spectrogram/bins", json!(8)),
        ("/spectrogram/frames", json!(11)),
        ("/spectrogram/floor", json!(0.0)),
        ("/spectrogram/divisor", json!(0.0)),
        ("/outputs/correspondence", json!("yes")),
        ("/outputs/heatmap", json!([14, 0])),
        ("/outputs/embedding", json!(0)),
        ("/provenance/width", json!(0.0)),
        ("/provenance/seed", json!(-1)),
    ];
    for (pointer, value) in wrong {
        let mut page = page();
        *page.pointer_mut(pointer).expect("is a field") = value;
        let text = read(&page).expect_err(pointer).to_string();
        // Of an array serde names the element: `frame.mean[2]`.
        let field = pointer[1..].replace('/', ".");
        let start = format!("zoo/frame.onnx: contract field `{field}");
        assert!(text.starts_with(&start), "{pointer}: {text}");
    }
}

#[test]
fn a_missing_or_unknown_field_is_named() {
    let mut less = page();
    less["spectrogram"]
        .as_object_mut()
        .expect("an object")
        .remove("hop_samples");
    let text = read(&less).expect_err("a field is missing").to_string();
    assert!(
        text.contains("`spectrogram`: missing field `hop_samples`"),
        "{text}"
    );

    let mut more = page();
    more["audio"]["loudness"] = json!(1);
    let text = read(&more).expect_err("a field is unknown").to_string();
    assert!(text.contains("`audio.loudness`: unknown field"), "{text}");
}

#[test]
fn another_version_is_not_read_as_this_one() {
    // It has other fields, and that isn't what is to be told.
    let page = json!({ "version": "allthatsound-2", "frame": 1 });
    let error = read(&page).expect_err("is another version");
    assert!(matches!(error, ContractError::Version { ref found, .. } if found == "allthatsound-2"));

    let error = read(&json!({ "frame": 1 })).expect_err("has no version");
    assert!(matches!(error, ContractError::Field { .. }), "{error}");
}

#[test]
fn what_is_no_json_is_said_to_be_none() {
    let error = Contract::from_json("{", Path::new("a.onnx")).expect_err("is cut off");
    assert!(
        error
            .to_string()
            .starts_with("a.onnx: its contract is not JSON")
    );
}
