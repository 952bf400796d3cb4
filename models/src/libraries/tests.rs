use std::{cell::RefCell, ffi::OsStr, fs};

use super::{
    folders::{fetched, search},
    wanted::wanted,
    *,
};
use crate::Provider;

/// Stand-ins: files that say whether they open.
fn lay(files: &[(&str, &str)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a directory");
    for (file, content) in files {
        let path = home.path().join(file);
        fs::create_dir_all(path.parent().expect("has one")).expect("can be made");
        fs::write(path, content).expect("can be written");
    }
    home
}

/// Opens a stand-in whose content is `ok`; what has no folder is nowhere.
fn open_stand_in(path: &Path) -> Result<(), String> {
    match fs::read_to_string(path).as_deref() {
        Ok("ok") => Ok(()),
        Ok(wrong) => Err(wrong.into()),
        Err(_) => Err("cannot open shared object file".into()),
    }
}

const CUDA: [&str; 7] = [
    "libcuda.so.1",
    "libcudart.so.13",
    "libnvrtc.so.13",
    "libcublasLt.so.13",
    "libcublas.so.13",
    "libcurand.so.10",
    "libcudnn.so.9",
];

fn lacks_in(home: &Path, provider: Provider) -> Vec<Lack> {
    lacks(&wanted(provider), &[home.into()], &open_stand_in)
}

#[test]
fn where_all_are_there_nothing_is_lacking() {
    let files = CUDA.map(|file| (file, "ok"));
    let home = lay(&files);
    assert_eq!(lacks_in(home.path(), Provider::Cuda(0)), []);
    let lacks = lacks_in(home.path(), Provider::TensorRt(0));
    assert_eq!(lacks.len(), 2);
    assert!(lacks.iter().all(|lack| lack.need() == Need::TensorRt));
    assert!(lacks[0].to_string().contains("libnvinfer.so.10"));
    assert!(Need::TensorRt.tip().contains("`cuda`"));
}

#[test]
fn each_library_that_is_missing_has_a_name_and_a_tip() {
    let needs = [
        Need::Driver,
        Need::Cuda,
        Need::Cuda,
        Need::Cuda,
        Need::Cuda,
        Need::Cuda,
        Need::Cudnn,
    ];
    for (missing, need) in CUDA.into_iter().zip(needs) {
        let files = CUDA.map(|file| (file, "ok"));
        let home = lay(&files);
        fs::remove_file(home.path().join(missing)).expect("is there");
        let lacks = lacks_in(home.path(), Provider::Cuda(0));
        assert_eq!(lacks.len(), 1, "{missing}");
        assert_eq!(lacks[0].need(), need);
        let text = lacks[0].to_string();
        assert!(
            text.contains(missing) && text.contains(&need.to_string()),
            "{text}"
        );
        assert!(!need.tip().is_empty());
    }
}

#[test]
fn another_version_is_named() {
    let mut files = CUDA.map(|file| (file, "ok"));
    files[1].0 = "libcudart.so.12";
    let home = lay(&files);
    let lacks = lacks_in(home.path(), Provider::Cuda(0));
    let text = lacks[0].to_string();
    assert!(
        text.contains("libcudart.so.12 is of another version"),
        "{text}"
    );
}

#[test]
fn what_is_there_but_does_not_open_is_told_in_the_systems_words() {
    let home = lay(&[("libcudnn.so.9", "not a library")]);
    let wanted = [Wanted {
        need: Need::Cudnn,
        file: "libcudnn.so.9",
    }];
    let lacks = lacks(&wanted, &[home.path().into()], &open);
    let [Lack::Broken { path, why, .. }] = &lacks[..] else {
        panic!("{lacks:?}");
    };
    assert_eq!(*path, home.path().join("libcudnn.so.9"));
    assert!(why.contains("libcudnn.so.9"), "{why}");
}

#[test]
fn libraries_are_opened_behind_those_that_they_want() {
    let opened = RefCell::new(Vec::new());
    let open = |path: &Path| {
        opened.borrow_mut().push(path.display().to_string());
        Ok(())
    };
    lacks(&wanted(Provider::TensorRt(0)), &[], &open);
    let opened = opened.into_inner();
    let at = |name: &str| {
        opened
            .iter()
            .position(|file| file.starts_with(name))
            .expect(name)
    };
    assert!(at("libcudart") < at("libcublasLt") && at("libcublasLt") < at("libcublas.so"));
    assert!(at("libcublas.so") < at("libcudnn") && at("libcudnn") < at("libnvinfer"));
    assert!(at("libnvinfer") < at("libnvonnxparser"));
}

#[test]
fn folders_of_packages_are_found_behind_those_named() {
    let home = lay(&[
        ("said/lib64/libcudart.so.13", ""),
        (
            "venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcudart.so.13",
            "",
        ),
        (
            "venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9",
            "",
        ),
        (
            "venv/lib/python3.12/site-packages/tensorrt_libs/libnvinfer.so.10",
            "",
        ),
        ("cuda/lib64/libcudart.so.13", ""),
    ]);
    let home = home.path();
    let found = search(
        home.join("said").as_os_str(),
        [home.join("venv")],
        &home.join("cuda"),
    );
    let site = home.join("venv/lib/python3.12/site-packages");
    assert_eq!(found[0], home.join("said/lib64"));
    for folder in ["nvidia/cu13/lib", "nvidia/cudnn/lib", "tensorrt_libs"] {
        assert!(found.contains(&site.join(folder)), "{folder}");
    }
    let at = |folder: PathBuf| found.iter().position(|found| *found == folder);
    assert!(at(site.join("nvidia/cu13/lib")) < at(home.join("cuda/lib64")));
    assert!(search(OsStr::new(""), [], &home.join("none")).is_empty());
}

#[test]
fn what_came_with_onnx_runtime_is_found() {
    let home = lay(&[
        (".runtime/cuda/libonnxruntime.so", ""),
        (".runtime/cuda-libraries/libcurand.so.10", "ok"),
    ]);
    let setup = home.path().join(".runtime");
    let library = setup.join("cuda/libonnxruntime.so");
    let folders = fetched(Some(&setup), &library);
    assert_eq!(folders, [setup.join("cuda-libraries"), setup.join("cuda")]);
    let wanted = [Wanted {
        need: Need::Cuda,
        file: "libcurand.so.10",
    }];
    assert_eq!(lacks(&wanted, &folders, &open_stand_in), []);
    // A bundle has it beside the library.
    assert_eq!(fetched(None, &library), [setup.join("cuda")]);
}
