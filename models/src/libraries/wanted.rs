//! Which libraries each provider of ONNX Runtime wants: what `readelf -d` says of its own
//! libraries, and what these open as they go.

use super::{Need, Wanted};
use crate::Provider;

const DRIVER: &[Wanted] = &[Wanted {
    need: Need::Driver,
    file: "libcuda.so.1",
}];

/// Each behind those that it wants itself.
const CUDA: &[Wanted] = &[
    Wanted {
        need: Need::Cuda,
        file: "libcudart.so.13",
    },
    Wanted {
        need: Need::Cuda,
        file: "libnvrtc.so.13",
    },
    Wanted {
        need: Need::Cuda,
        file: "libcublasLt.so.13",
    },
    Wanted {
        need: Need::Cuda,
        file: "libcublas.so.13",
    },
    Wanted {
        need: Need::Cuda,
        file: "libcurand.so.10",
    },
    Wanted {
        need: Need::Cudnn,
        file: "libcudnn.so.9",
    },
];

const TENSORRT: &[Wanted] = &[
    Wanted {
        need: Need::TensorRt,
        file: "libnvinfer.so.10",
    },
    Wanted {
        need: Need::TensorRt,
        file: "libnvonnxparser.so.10",
    },
];

/// What a provider wants of the system, apart from ONNX Runtime's own libraries.
pub(crate) fn wanted(provider: Provider) -> Vec<Wanted> {
    match provider {
        Provider::Cpu => vec![],
        Provider::Cuda(_) => [DRIVER, CUDA].concat(),
        Provider::TensorRt(_) => [DRIVER, CUDA, TENSORRT].concat(),
    }
}

/// The libraries of ONNX Runtime itself that a provider lies in, beside the main one.
pub(crate) fn own(provider: Provider) -> &'static [&'static str] {
    const SHARED: &str = "libonnxruntime_providers_shared.so";
    const CUDA: &str = "libonnxruntime_providers_cuda.so";
    const TENSORRT: &str = "libonnxruntime_providers_tensorrt.so";
    match provider {
        Provider::Cpu => &[],
        Provider::Cuda(_) => &[SHARED, CUDA],
        Provider::TensorRt(_) => &[SHARED, CUDA, TENSORRT],
    }
}
