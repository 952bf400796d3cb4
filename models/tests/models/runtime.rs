//! Where networks run: what was asked for, or an error.

use sonoscope_models::{Device, Provider, Runtime, RuntimeError};

#[test]
fn there_is_one_runtime_however_often_it_is_loaded() {
    let runtime = Runtime::load().expect("`make setup` was run");
    let again = Runtime::load().expect("is loaded already");
    assert_eq!(runtime.library(), again.library());
    assert!(runtime.library().is_file());
    let version = runtime.version().expect("can be read").expect("is in it");
    assert!(version.starts_with("1."), "{version}");
}

#[test]
fn the_processor_works() {
    let runtime = Runtime::load().expect("`make setup` was run");
    assert_eq!(runtime.resolve(Device::Cpu).expect("works"), Provider::Cpu);
    let providers = runtime.providers();
    assert_eq!(providers[0].provider, Provider::Cpu);
    assert_eq!(providers[0].problem, None);
}

#[test]
fn a_card_that_is_not_there_is_an_error() {
    let runtime = Runtime::load().expect("`make setup` was run");
    for device in [Device::Cuda(99), Device::TensorRt(99)] {
        let error = runtime.resolve(device).expect_err("no machine has so many");
        assert!(matches!(error, RuntimeError::Unavailable { .. }));
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("{device} was asked for")),
            "{text}"
        );
        assert!(text.contains("\ntip: "), "says what to do: {text}");
    }
}

#[test]
fn auto_takes_the_card_if_it_works_and_says_what_it_took() {
    let runtime = Runtime::load().expect("`make setup` was run");
    let providers = runtime.providers();
    let cuda = providers
        .iter()
        .find(|status| status.provider == Provider::Cuda(0));
    let expected = match &cuda.expect("is listed").problem {
        None => Provider::Cuda(0),
        Some(_) => Provider::Cpu,
    };
    let taken = runtime.resolve(Device::Auto).expect("there is always one");
    assert_eq!(taken, expected);
}
