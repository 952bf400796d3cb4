//! `sonoscope prebuild`: TensorRT's engines for a network, built ahead.

use clap::Args;
use sonoscope_models::{
    Device, EngineCache, NetworkFiles, Precision, Provider, Runtime, Setting, Sizes, prebuild, zoo,
};

use super::say;
use crate::fault::{Exit, Fault};

/// What `sonoscope prebuild` takes.
#[derive(Args, Debug)]
pub struct PrebuildArgs {
    /// Networks, by name or folder.
    #[arg(value_name = "NETWORK", required = true)]
    networks: Vec<String>,

    /// The card: tensorrt, tensorrt:N.
    #[arg(long, value_name = "DEVICE", default_value = "tensorrt")]
    device: Device,

    /// The sizes of batches, as 1,8,32,128 [default: those of `run`].
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1024))]
    batch: Vec<u16>,

    /// In which numbers the networks compute: fp32, int8, fp16.
    #[arg(long, value_name = "PRECISION", default_value_t = Precision::Fp32)]
    precision: Precision,

    /// Build them anew where they are there already.
    #[arg(long)]
    again: bool,
}

/// Builds what is not there.
///
/// # Errors
/// When the device is none that has engines, is not to be had, or a network cannot be built.
pub fn run(args: &PrebuildArgs) -> Result<Exit, Fault> {
    let Device::TensorRt(card) = args.device else {
        return Err(
            Fault::usage(format!("nothing is built ahead for {}", args.device))
                .tip("only TensorRT has engines: --device tensorrt"),
        );
    };
    let runtime = Runtime::load_for(&args.device.into()).map_err(Fault::environment)?;
    runtime.resolve(args.device).map_err(Fault::environment)?;
    for name in &args.networks {
        let folder = zoo::resolve(name).map_err(Fault::usage)?;
        let provider = Provider::TensorRt(card);
        let files = (NetworkFiles::load(&folder, args.precision))
            .and_then(|files| files.for_provider(provider))
            .map_err(Fault::environment)?;
        let mut setting = Setting::new(provider);
        if !args.batch.is_empty() {
            setting.sizes = Some(Sizes::new(args.batch.iter().map(|size| usize::from(*size))));
        }
        let sizes = setting.sizes.clone().unwrap_or_else(|| Sizes::up_to(1));
        let cache = runtime.engines(&files, &sizes, card).ok_or_else(|| {
            Fault::environment("there is no place for engines: neither XDG_CACHE_HOME nor HOME")
        })?;
        build(&runtime, name, &files, &setting, &cache, args.again)?;
    }
    Ok(Exit::Done)
}

fn build(
    runtime: &Runtime,
    name: &str,
    files: &NetworkFiles,
    setting: &Setting,
    cache: &EngineCache,
    again: bool,
) -> Result<(), Fault> {
    let folder = cache.folder().display();
    if cache.is_whole() && !again {
        say(&format!("{name}: is built ({folder})"));
        return Ok(());
    }
    let count = setting.sizes.as_ref().map_or(0, |sizes| sizes.iter().len());
    say(&format!(
        "{name}: building, a minute or more for each size of batch"
    ));
    let mut done = 0;
    prebuild(runtime, files, setting, Some(cache), |size| {
        done += 1;
        say(&format!("{name}: batches of {size} ({done} of {count})"));
    })
    .map_err(Fault::environment)?;
    say(&format!("{name}: is built ({folder})"));
    Ok(())
}
