//! Where a network does run, and what that takes of ONNX Runtime.

use std::fmt;

use ort::ep::{CPU, CUDA, ExecutionProvider, ExecutionProviderDispatch, TensorRT, cuda};
use serde::{Deserialize, Serialize};

use crate::{Device, Lack, Precision, Setting, UnknownDevice};

/// Where a network does run: what [`Runtime::resolve`](crate::Runtime::resolve) makes of a
/// [`Device`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Provider {
    /// The processor.
    Cpu,
    /// An NVIDIA card, by its CUDA number.
    Cuda(u32),
    /// The same through TensorRT.
    TensorRt(u32),
}

/// One of the things that a network could run on, and whether it can here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderStatus {
    /// Which one.
    pub provider: Provider,
    /// Why it cannot be used; nothing if it can.
    pub problem: Option<String>,
    /// What to do about that.
    pub tip: Option<String>,
}

/// What keeps a provider from working, and what to do about it.
pub(crate) struct Problem {
    pub why: String,
    pub tip: String,
}

impl Problem {
    pub(crate) fn new(why: String, provider: Provider) -> Self {
        let tip = provider.tip().into();
        Self { why, tip }
    }

    /// The library that is loaded is of another build.
    pub(crate) fn without_build(why: String) -> Self {
        let tip = "run `make setup DEVICE=cuda`, or name an ONNX Runtime built for GPUs in \
                   ORT_DYLIB_PATH; `nvidia-smi` must list the card. Or ask for `cpu` or `auto`";
        Self {
            why,
            tip: tip.into(),
        }
    }

    /// Everything that is missing; what to do about the first, which is at the bottom of it.
    pub(crate) fn lacking(lacks: &[Lack]) -> Self {
        let why: Vec<_> = lacks.iter().map(Lack::to_string).collect();
        let tip = lacks.first().map_or("", |lack| lack.need().tip());
        Self {
            why: why.join("; "),
            tip: format!("{tip}. Or ask for `cpu` or `auto`"),
        }
    }
}

impl Provider {
    /// What ONNX Runtime calls it.
    pub fn onnx_runtime_name(self) -> &'static str {
        match self {
            Provider::Cpu => "CPUExecutionProvider",
            Provider::Cuda(_) => "CUDAExecutionProvider",
            Provider::TensorRt(_) => "TensorrtExecutionProvider",
        }
    }

    /// Whether the library that is loaded was built with it.
    pub(crate) fn is_compiled_in(self) -> ort::Result<bool> {
        match self {
            Provider::Cpu => CPU::is_available(),
            Provider::Cuda(_) => CUDA::is_available(),
            Provider::TensorRt(_) => TensorRT::is_available(),
        }
    }

    /// The provider as the library takes it. Each is to fail rather than stand aside.
    pub(crate) fn dispatches(self, setting: &Setting) -> Vec<ExecutionProviderDispatch> {
        // 32-bit floats are to be 32-bit floats on cards too, and the search for an algorithm is
        // to cost nothing when a batch has a size not seen before.
        let cuda = |card| {
            let cuda = CUDA::default();
            let limit = setting.memory_bytes;
            let cuda = match limit {
                Some(limit) => cuda.with_memory_limit(limit),
                None => cuda,
            };
            cuda.with_device_id(card)
                .with_tf32(false)
                .with_prefer_nhwc(setting.channels_last)
                .with_cuda_graph(setting.graphs)
                .with_conv_algorithm_search(cuda::ConvAlgorithmSearch::Heuristic)
                .build()
                .error_on_failure()
        };
        match self {
            Provider::Cpu => vec![],
            Provider::Cuda(card) => vec![cuda(card.cast_signed())],
            // What TensorRT does not know, CUDA computes: both are on the card asked for.
            Provider::TensorRt(card) => vec![
                tensorrt(card.cast_signed(), setting)
                    .build()
                    .error_on_failure(),
                cuda(card.cast_signed()),
            ],
        }
    }

    /// What to do where all its libraries are there, and it does not work all the same.
    fn tip(self) -> &'static str {
        match self {
            Provider::Cpu => "run `make setup` to get an ONNX Runtime that works here",
            Provider::Cuda(_) | Provider::TensorRt(_) => {
                "see that `nvidia-smi` lists a card of this number, that its driver is one for \
                 CUDA 13 (580 or newer), and that its memory is not full; or ask for `cpu` or \
                 `auto`"
            }
        }
    }
}

/// TensorRT, with its engines and the timings that it chose by kept, if there is a place for them.
/// Where a network computes in 16-bit floats or int8, it may do so, too.
fn tensorrt(card: i32, setting: &Setting) -> TensorRT {
    let tensorrt = TensorRT::default()
        .with_device_id(card)
        .with_fp16(setting.precision == Precision::Fp16)
        .with_int8(setting.precision == Precision::Int8);
    let Some(folder) = &setting.engines else {
        return tensorrt;
    };
    tensorrt
        .with_engine_cache(true)
        .with_engine_cache_path(folder.display())
        .with_timing_cache(true)
        .with_timing_cache_path(folder.display())
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Provider::Cpu => f.write_str("cpu"),
            Provider::Cuda(card) => write!(f, "cuda:{card}"),
            Provider::TensorRt(card) => write!(f, "tensorrt:{card}"),
        }
    }
}

impl From<Provider> for String {
    fn from(provider: Provider) -> Self {
        provider.to_string()
    }
}

impl TryFrom<String> for Provider {
    type Error = UnknownDevice;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.parse()? {
            Device::Auto => Err(UnknownDevice(text)),
            Device::Cpu => Ok(Provider::Cpu),
            Device::Cuda(card) => Ok(Provider::Cuda(card)),
            Device::TensorRt(card) => Ok(Provider::TensorRt(card)),
        }
    }
}
