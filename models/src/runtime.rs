//! ONNX Runtime: one of it in a process, and what it can run networks on.

use std::{
    error::Error as _,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use ort::{
    LoadDynamicError,
    environment::Environment,
    session::{Session, builder::SessionBuilder},
};
use thiserror::Error;

use crate::{
    Device, Devices, Lack, Need, Provider, ProviderStatus, Setting,
    libraries::{self, wanted},
    library::{self, Build, Search},
    probe,
    provider::Problem,
};

/// The one ONNX Runtime of this process, shared by all its networks. Cheap to clone.
///
/// ```no_run
/// use sonoscope_models::{Device, Runtime};
///
/// let runtime = Runtime::load()?;
/// println!("networks run on {}", runtime.resolve(Device::Auto)?);
/// # Ok::<(), sonoscope_models::RuntimeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Runtime {
    environment: Environment,
    library: Arc<Path>,
}

/// Why networks cannot be run, or not where they should.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// The library is nowhere.
    #[error(
        "ONNX Runtime's library is in none of: {}. \
         Run `make setup`, or name the library in {}",
        searched.iter().map(|d| d.display().to_string()).collect::<Vec<_>>().join(", "),
        library::VARIABLE
    )]
    NotFound {
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// The variable names a place where the library is not.
    #[error(
        "{} is `{}`, but ONNX Runtime's library is not there. Put it right or unset it",
        library::VARIABLE, path.display()
    )]
    NotWhereSaid {
        /// What the variable names.
        path: PathBuf,
    },
    /// The library is there, but it cannot be loaded, or it is too old.
    #[error(
        "ONNX Runtime at {} cannot be used: {why}. Run `make setup` to get one that can",
        library.display()
    )]
    Load {
        /// The library.
        library: PathBuf,
        /// What the loader says.
        why: String,
    },
    /// The library does not start.
    #[error("ONNX Runtime at {} does not start: {source}", library.display())]
    Start {
        /// The library.
        library: PathBuf,
        /// What it says.
        source: ort::Error,
    },
    /// Asked for, and not there.
    #[error("{provider} was asked for, but is not to be had: {why}\ntip: {tip}")]
    Unavailable {
        /// What was asked for.
        provider: Provider,
        /// What is missing.
        why: String,
        /// What to do.
        tip: String,
    },
}

impl Runtime {
    /// As [`load_for`](Self::load_for), where it is left to the program what to take.
    ///
    /// # Errors
    /// When there is no library, or none that works.
    pub fn load() -> Result<Self, RuntimeError> {
        Self::load_for(&Devices::default())
    }

    /// Finds and loads the library, once in a process; later calls give the same one, whatever
    /// they ask for.
    ///
    /// It is looked for where `ORT_DYLIB_PATH` says; if that isn't set, beside the executable,
    /// then in `.runtime` of the current directory and of every directory above the executable.
    /// Of two builds side by side, cards get that for cards; so does `auto` where NVIDIA's driver
    /// is there.
    ///
    /// # Errors
    /// When there is no library, or none that works.
    pub fn load_for(devices: &Devices) -> Result<Self, RuntimeError> {
        // A second environment in a process is an error even after the first is gone.
        static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);
        // A panic while it was locked left `None` or a whole `Runtime`, so poison means nothing.
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            return Ok(runtime.clone());
        }
        let has_driver = || libraries::open(Path::new("libcuda.so.1")).is_ok();
        let build = match devices.is_auto() {
            true if library::may_be_card() && has_driver() => Build::Card,
            false if devices.may_be_card() => Build::Card,
            _ => Build::Cpu,
        };
        let runtime = match library::find(build) {
            Search::Found(library) => Self::start(library)?,
            Search::NotWhereSaid(path) => return Err(RuntimeError::NotWhereSaid { path }),
            Search::NotIn(searched) => return Err(RuntimeError::NotFound { searched }),
        };
        Ok(loaded.insert(runtime).clone())
    }

    fn start(library: PathBuf) -> Result<Self, RuntimeError> {
        let builder = match ort::init_from(&library) {
            Ok(builder) => builder.with_name("sonoscope").with_telemetry(false),
            Err(error) => {
                let why = why(&error);
                return Err(RuntimeError::Load { library, why });
            }
        };
        match builder.build() {
            Ok(environment) => Ok(Self {
                environment,
                library: library.into(),
            }),
            Err(source) => Err(RuntimeError::Start { library, source }),
        }
    }

    /// The library that is loaded.
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// The library's version, such as `1.31.1`, where it says. Reads the whole library: for
    /// reports, not for every second.
    pub fn version(&self) -> io::Result<Option<String>> {
        library::version(&self.library)
    }

    /// How the library was built, in its own words.
    pub fn build_info(&self) -> &'static str {
        ort::info()
    }

    /// Where a network asked to run on `device` will run. Proven by running a network of one
    /// addition there, so what it says can be relied on; what was asked for by name and does not
    /// work is an error, never something else instead.
    pub fn resolve(&self, device: Device) -> Result<Provider, RuntimeError> {
        match device {
            Device::Auto => Ok(self.best()),
            Device::Cpu => self.prove(Provider::Cpu),
            Device::Cuda(card) => self.prove(Provider::Cuda(card)),
            Device::TensorRt(card) => self.prove(Provider::TensorRt(card)),
        }
    }

    /// Where networks asked to run on `devices` will run: [`resolve`](Self::resolve) of each.
    ///
    /// # Errors
    /// When one of them is not to be had.
    pub fn resolve_all(&self, devices: &Devices) -> Result<Vec<Provider>, RuntimeError> {
        devices.iter().map(|device| self.resolve(device)).collect()
    }

    /// Everything that a network could run on, with what keeps it from doing so here.
    pub fn providers(&self) -> Vec<ProviderStatus> {
        [Provider::Cpu, Provider::Cuda(0), Provider::TensorRt(0)]
            .map(|provider| {
                let problem = self.problem(provider);
                ProviderStatus {
                    provider,
                    tip: problem.as_ref().map(|problem| problem.tip.clone()),
                    problem: problem.map(|problem| problem.why),
                }
            })
            .into()
    }

    fn best(&self) -> Provider {
        match self.problem(Provider::Cuda(0)) {
            None => Provider::Cuda(0),
            Some(_) => Provider::Cpu,
        }
    }

    fn prove(&self, provider: Provider) -> Result<Provider, RuntimeError> {
        match self.problem(provider) {
            None => Ok(provider),
            Some(Problem { why, tip }) => Err(RuntimeError::Unavailable { provider, why, tip }),
        }
    }

    /// What keeps a provider from working, in the order in which one would put it right.
    fn problem(&self, provider: Provider) -> Option<Problem> {
        match provider.is_compiled_in() {
            Ok(true) => {}
            Ok(false) => {
                let library = self.library.display();
                let name = provider.onnx_runtime_name();
                return Some(Problem::without_build(format!(
                    "the ONNX Runtime at {library} was built without {name}"
                )));
            }
            Err(error) => return Some(Problem::new(error.to_string(), provider)),
        }
        let lacks = self.lacks(provider);
        if !lacks.is_empty() {
            return Some(Problem::lacking(&lacks));
        }
        let error = probe::run(self, provider).err()?;
        Some(Problem::new(error.to_string(), provider))
    }

    /// The libraries that a provider wants and that cannot be had here.
    fn lacks(&self, provider: Provider) -> Vec<Lack> {
        let beside = self.library.parent().unwrap_or(Path::new("."));
        let own = (wanted::own(provider).iter()).filter(|file| !beside.join(file).is_file());
        let mut lacks: Vec<_> = own
            .map(|file| Lack::Missing {
                need: Need::Provider,
                file,
                other: None,
                why: format!("is not beside {}", self.library.display()),
            })
            .collect();
        let folders = libraries::folders(&self.library);
        lacks.extend(libraries::lacks(
            &wanted::wanted(provider),
            &folders,
            &libraries::open,
        ));
        lacks
    }

    /// The beginning of a session: where, on how many threads, and that they sleep when idle.
    pub(crate) fn session(&self, setting: &Setting) -> ort::Result<SessionBuilder> {
        Ok(Session::builder(&self.environment)?
            .with_intra_threads(setting.intra_threads)?
            .with_inter_threads(1)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .with_deterministic_compute(true)?
            .with_execution_providers(setting.provider.dispatches(setting))?)
    }
}

/// What the loader says, down to the system's own words, which `ort` leaves out.
fn why(error: &LoadDynamicError) -> String {
    match error {
        LoadDynamicError::Dlopen { error, .. } => match error.source() {
            Some(system) => system.to_string(),
            None => error.to_string(),
        },
        other => other.to_string(),
    }
}
