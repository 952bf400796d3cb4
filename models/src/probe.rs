//! The smallest network that proves that a provider works: that it can be registered, that the
//! libraries it needs are there, that its card answers, and that it computes.

use ort::value::TensorRef;

use crate::{Provider, Runtime, Setting};

/// `y = x + x` for one float, as an ONNX model: the protobuf by hand, a message a line.
const DOUBLE: &[u8] = &[
    0x08, 8, // ir_version: 8
    0x3a, 53, // graph: 53 bytes
    0x0a, 14, //   node: 14 bytes
    0x0a, 1, b'x', 0x0a, 1, b'x', 0x12, 1, b'y', //     input x, input x, output y
    0x22, 3, b'A', b'd', b'd', //     op_type: Add
    0x12, 1, b'g', //   name: g
    0x5a, 15, 0x0a, 1, b'x', //   input: 15 bytes, name x
    0x12, 10, 0x0a, 8, 0x08, 1, 0x12, 4, 0x0a, 2, 0x08, 1, //     a float tensor, shape [1]
    0x62, 15, 0x0a, 1, b'y', //   output: 15 bytes, name y
    0x12, 10, 0x0a, 8, 0x08, 1, 0x12, 4, 0x0a, 2, 0x08, 1, //     a float tensor, shape [1]
    0x42, 2, 0x10, 13, // opset_import: version 13
];

/// Doubles a number on the provider.
pub(crate) fn run(runtime: &Runtime, provider: Provider) -> ort::Result<()> {
    let mut session = runtime
        .session(&Setting::new(provider))?
        .commit_from_memory(DOUBLE)?;
    let input = TensorRef::from_array_view(([1_usize], &[21.0_f32][..]))?;
    let outputs = session.run(ort::inputs!["x" => input])?;
    let (_, doubled) = outputs["y"].try_extract_tensor::<f32>()?;
    match doubled {
        [42.0] => Ok(()),
        wrong => Err(ort::Error::new(format!(
            "it says that twice 21 is {wrong:?}"
        ))),
    }
}
