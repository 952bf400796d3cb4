//! A network: two towers and, for most, a head, open and ready to judge pictures and sounds.

use std::{fmt, fs};

use crate::{
    Contract, Device, Features, NetworkDir, NetworkError, NetworkFiles, Part, Placement, Precision,
    Provider, Runtime, Score, Setting, head::Head, model::Values, tower::Tower,
};

/// How a network is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkOptions {
    /// Where.
    pub device: Device,
    /// In which numbers.
    pub precision: Precision,
    /// On how many threads of a processor each picture or sound is computed; 0 for one a core.
    /// One by default: to use more cores, open a network on each of several threads.
    pub intra_threads: usize,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            device: Device::Auto,
            precision: Precision::Fp32,
            intra_threads: 1,
        }
    }
}

/// A network, open: a session of ONNX Runtime for each of its files.
///
/// Running one needs `&mut`, and it can be sent to another thread: give each thread its own, all
/// of them [from the same files](Network::from_files). On a processor items are computed one at a
/// time, so the answer for an item is the same to the bit, whatever it is batched with. On a
/// graphics card a batch is computed at once.
///
/// ```no_run
/// use sonoscope_models::{Network, NetworkOptions, Runtime, zoo};
///
/// let runtime = Runtime::load()?;
/// let mut network = Network::open(&runtime, &zoo::resolve("ave-small")?, NetworkOptions::default())?;
/// # let (picture, spectrogram) = (vec![0.0; 3 * 224 * 224], vec![0.0; 257 * 199]);
/// let seen = network.frame_features(&picture, 1)?;
/// let heard = network.audio_features(&spectrogram, 1)?;
/// for score in network.score(&seen, &heard)? {
///     println!("{:.2}", score.correspondence);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Network {
    frame: Tower,
    audio: Tower,
    head: Option<Head>,
    contract: Contract,
    hash: String,
    provider: Provider,
    precision: Precision,
}

impl Network {
    /// Reads and opens a network.
    pub fn open(
        runtime: &Runtime,
        dir: &NetworkDir,
        options: NetworkOptions,
    ) -> Result<Self, NetworkError> {
        let provider = runtime.resolve(options.device)?;
        let files = NetworkFiles::load(dir, options.precision)?.for_provider(provider)?;
        let setting = Setting {
            intra_threads: options.intra_threads,
            // Pictures are given as numbers by whoever does not speak of settings.
            bytes: false,
            ..Setting::new(provider)
        };
        Self::with_setting(runtime, &files, &setting)
    }

    /// Opens a network of which the files are read already, where a provider is known to work.
    /// Every file is held to the contract: its tensors' names and shapes, and what comes out
    /// when a black picture and silence go in.
    pub fn from_files(
        runtime: &Runtime,
        files: &NetworkFiles,
        provider: Provider,
        intra_threads: usize,
    ) -> Result<Self, NetworkError> {
        let setting = Setting {
            intra_threads,
            bytes: false,
            ..Setting::new(provider)
        };
        Self::with_setting(runtime, files, &setting)
    }

    /// As [`from_files`](Self::from_files), with a say in how a card is used.
    ///
    /// # Errors
    /// When a file is not what its contract says, or the provider does not take it.
    pub fn with_setting(
        runtime: &Runtime,
        files: &NetworkFiles,
        setting: &Setting,
    ) -> Result<Self, NetworkError> {
        if let Some(engines) = &setting.engines {
            fs::create_dir_all(engines).map_err(|source| NetworkError::Read {
                file: engines.clone(),
                source,
            })?;
        }
        let setting = &Setting {
            precision: files.precision,
            ..setting.clone()
        };
        let frame = Tower::frame(runtime, &files.frame, setting)?;
        let audio = Tower::audio(runtime, &files.audio, setting)?;
        let shapes = (frame.features_shape(), audio.features_shape());
        // It is small, and computes in single precision whatever the towers do.
        let exact = Setting {
            precision: Precision::Fp32,
            ..setting.clone()
        };
        let head = files.head.as_ref();
        let head = head.map(|head| Head::open(runtime, head, &exact, shapes.0, shapes.1));
        Ok(Self {
            head: head.transpose()?,
            frame,
            audio,
            contract: files.contract().clone(),
            hash: files.network_hash(),
            provider: setting.provider,
            precision: files.precision,
        })
    }

    /// What the frame tower makes of `items` pictures: tensors `[3, height, width]` as the
    /// contract wants them, one after the other; of a network with a
    /// [clip](crate::ClipContract), `[3, frames, height, width]`. These are embeddings where the contract's
    /// `outputs.embedding` says so.
    pub fn frame_features(
        &mut self,
        tensors: &[f32],
        items: usize,
    ) -> Result<Features, NetworkError> {
        self.frame.features(Values::Floats(tensors), items)
    }

    /// The same of pictures as bytes, red, green and blue by turns, `[height, width, 3]` each: of a
    /// network that was opened so ([`Setting::bytes`]).
    ///
    /// # Errors
    /// When there are too few or too many bytes, or the network takes none.
    pub fn frame_features_of_bytes(
        &mut self,
        pixels: &[u8],
        items: usize,
    ) -> Result<Features, NetworkError> {
        self.frame.features(Values::Bytes(pixels), items)
    }

    /// Whether it takes pictures as bytes.
    pub fn wants_bytes(&self) -> bool {
        self.frame.wants_bytes()
    }

    /// Runs a batch of nothing through all of it, so that whatever a card prepares for that size
    /// is prepared.
    ///
    /// # Errors
    /// Those of running it.
    pub fn rehearse(&mut self, items: usize) -> Result<(), NetworkError> {
        let seen = self.frame.of_nothing(items)?;
        let heard = self.audio.of_nothing(items)?;
        match &mut self.head {
            Some(head) => head.score(&seen, &heard).map(drop),
            None => Ok(()),
        }
    }

    /// Of the files of which nodes ran on the processor though the network runs on a card: which
    /// file, and which nodes of how many.
    pub fn strays(&self) -> Vec<(Part, Placement)> {
        let head = self.head.as_ref().and_then(Head::placement);
        let parts = [self.frame.placement(), self.audio.placement(), head];
        (Part::ALL.into_iter().zip(parts))
            .filter_map(|(part, placement)| Some((part, placement?.clone())))
            .filter(|(_, placement)| !placement.on_cpu.is_empty())
            .collect()
    }

    /// What the audio tower makes of `items` sounds: tensors `[1, bins, frames]` as the contract
    /// wants them, one after the other; of a network without a spectrogram,
    /// `[1, window_samples]`. Embeddings, too, where the pictures' are.
    pub fn audio_features(
        &mut self,
        tensors: &[f32],
        items: usize,
    ) -> Result<Features, NetworkError> {
        self.audio.features(Values::Floats(tensors), items)
    }

    /// What the network says of each picture with the sound of the same index. One that gives
    /// embeddings alone ([`OutputContract::compares`](crate::OutputContract::compares)) has nothing
    /// to say, and that is an error.
    pub fn score(
        &mut self,
        frame: &Features,
        audio: &Features,
    ) -> Result<Vec<Score>, NetworkError> {
        match &mut self.head {
            Some(head) => head.score(frame, audio),
            None => Err(NetworkError::NoHead {
                network: self.contract.network.clone(),
            }),
        }
    }

    /// What the network wants and gives.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// What identifies the network in a row; see [`NetworkFiles::network_hash`].
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Where it runs.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// In which numbers its towers compute.
    pub fn precision(&self) -> Precision {
        self.precision
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.contract.network;
        write!(f, "Network({name}, {}, {})", self.precision, self.provider)
    }
}
