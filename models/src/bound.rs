//! Buffers of a session that are kept from batch to batch, one set for each size of batch: pinned
//! where there is a card, so that it fetches them by itself.
//!
//! ONNX Runtime copies an input to the card when it is bound, not when it is run, on the stream on
//! which the session then computes. So inputs are bound anew for each batch; what is kept is the
//! memory. Each session has a stream of its own: while one thread's batch is copied, another's is
//! computed.

use std::collections::BTreeMap;

use ort::{
    memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType},
    session::{IoBinding, RunOptions, Session},
    value::{DynTensor, TensorElementType},
};

use crate::{
    Provider, Setting,
    model::{Input, Values},
    tensor::Tensor,
};

/// The buffers of a session, by the size of the batch.
pub(crate) struct Bound {
    host: Allocator,
    outputs: MemoryInfo<'static>,
    /// Where graphs are repeated, which find inputs and outputs where they were, on the card.
    card: Option<Allocator>,
    buffers: BTreeMap<usize, Buffers>,
}

struct Buffers {
    binding: IoBinding,
    inputs: Vec<DynTensor>,
    /// What `inputs` are copied into, where graphs are repeated.
    on_card: Vec<DynTensor>,
    options: RunOptions,
}

/// The run option that names the graph of a run; ONNX Runtime repeats none of this name.
const GRAPH: &str = "gpu_graph_id";
const NO_GRAPH: &str = "-1";

impl Bound {
    /// No buffers yet.
    pub(crate) fn new(session: &Session, setting: &Setting) -> ort::Result<Self> {
        let memory = |device, card: u32, kind| {
            MemoryInfo::new(device, card.cast_signed(), AllocatorType::Device, kind)
        };
        let buffers = BTreeMap::new();
        Ok(match setting.provider {
            Provider::Cpu => Self {
                host: Allocator::default(),
                outputs: MemoryInfo::default(),
                card: setting.graphs.then(Allocator::default),
                buffers,
            },
            Provider::Cuda(card) | Provider::TensorRt(card) => {
                let pinned = |kind| memory(AllocationDevice::CUDA_PINNED, card, kind);
                let own = || {
                    let info = memory(AllocationDevice::CUDA, card, MemoryType::Default)?;
                    Allocator::new(session, info)
                };
                Self {
                    host: Allocator::new(session, pinned(MemoryType::CPUInput)?)?,
                    outputs: pinned(MemoryType::CPUOutput)?,
                    card: setting.graphs.then(own).transpose()?,
                    buffers,
                }
            }
        })
    }

    /// Runs items in the buffers of a batch of `size`, in which zeros or items of an earlier batch
    /// may stand behind them. Gives the outputs in memory that can be read.
    pub(crate) fn run(
        &mut self,
        session: &mut Session,
        inputs: &[Input<'_>],
        outputs: &[Tensor<'_>],
        size: usize,
    ) -> ort::Result<Vec<DynTensor>> {
        let is_repeated = self.card.is_some();
        let buffers = self.filled(session, inputs, outputs, size)?;
        buffers.send(inputs)?;
        let mut results = session.run_binding_with_options(&buffers.binding, &buffers.options)?;
        let taken = outputs.iter().map(|output| {
            let missing = || ort::Error::new(format!("output `{}` is missing", output.name));
            let value: DynTensor = results
                .remove(output.name)
                .ok_or_else(missing)?
                .downcast()?;
            match is_repeated && !value.memory_info().is_cpu_accessible() {
                true => value.to(AllocationDevice::CPU, 0),
                false => Ok(value),
            }
        });
        taken.collect()
    }

    /// The buffers of a batch of `size` with items copied into them.
    fn filled(
        &mut self,
        session: &Session,
        inputs: &[Input<'_>],
        outputs: &[Tensor<'_>],
        size: usize,
    ) -> ort::Result<&mut Buffers> {
        if !self.buffers.contains_key(&size) {
            let buffers = self.allocate(session, inputs, outputs, size)?;
            self.buffers.insert(size, buffers);
        }
        let Some(buffers) = self.buffers.get_mut(&size) else {
            return Err(ort::Error::new("a buffer that was kept is gone"));
        };
        for (input, buffer) in inputs.iter().zip(&mut buffers.inputs) {
            match input.values {
                Values::Floats(values) => {
                    let (_, room) = buffer.try_extract_tensor_mut::<f32>()?;
                    room[..values.len()].copy_from_slice(values);
                }
                Values::Bytes(values) => {
                    let (_, room) = buffer.try_extract_tensor_mut::<u8>()?;
                    room[..values.len()].copy_from_slice(values);
                }
            }
        }
        Ok(buffers)
    }

    /// Lets go of all buffers, where memory has become short.
    pub(crate) fn clear(&mut self) {
        self.buffers.clear();
    }

    fn allocate(
        &self,
        session: &Session,
        inputs: &[Input<'_>],
        outputs: &[Tensor<'_>],
        size: usize,
    ) -> ort::Result<Buffers> {
        let mut buffers = Buffers {
            binding: session.create_binding()?,
            inputs: Vec::with_capacity(inputs.len()),
            on_card: Vec::new(),
            options: RunOptions::new()?,
        };
        for input in inputs {
            let shape = [&[size], input.item_shape].concat();
            let tensor = zeros(&self.host, input.values.kind(), &shape)?;
            match &self.card {
                None => {}
                Some(card) => {
                    let on_card = DynTensor::new(card, input.values.kind(), shape)?;
                    buffers.binding.bind_input(input.name, &on_card)?;
                    buffers.on_card.push(on_card);
                }
            }
            buffers.inputs.push(tensor);
        }
        // A graph writes where it wrote before, so where is said; as long as the shapes are known.
        let shapes: Option<Vec<_>> = outputs.iter().map(|output| output.item_shape).collect();
        let graph = size.to_string();
        match (&self.card, shapes) {
            (Some(card), Some(shapes)) => {
                buffers.options.set(GRAPH, graph)?;
                for (output, item_shape) in outputs.iter().zip(shapes) {
                    let shape = [&[size], item_shape].concat();
                    let tensor = DynTensor::new(card, TensorElementType::Float32, shape)?;
                    buffers.binding.bind_output(output.name, tensor)?;
                }
            }
            (card, _) => {
                if card.is_some() {
                    buffers.options.set(GRAPH, NO_GRAPH)?;
                }
                for output in outputs {
                    buffers
                        .binding
                        .bind_output_to_device(output.name, &self.outputs)?;
                }
            }
        }
        Ok(buffers)
    }
}

impl Buffers {
    /// Gives the session what `inputs` hold now, however it is to find it.
    fn send(&mut self, named: &[Input<'_>]) -> ort::Result<()> {
        for (input, on_card) in self.inputs.iter().zip(&mut self.on_card) {
            input.copy_into(on_card)?;
        }
        if self.on_card.is_empty() {
            for (input, buffer) in named.iter().zip(&self.inputs) {
                self.binding.bind_input(input.name, buffer)?;
            }
        }
        Ok(())
    }
}

/// A tensor of zeros in memory that can be written.
fn zeros(
    allocator: &Allocator,
    kind: TensorElementType,
    shape: &[usize],
) -> ort::Result<DynTensor> {
    let mut tensor = DynTensor::new(allocator, kind, shape.to_vec())?;
    match kind {
        TensorElementType::Uint8 => tensor.try_extract_tensor_mut::<u8>()?.1.fill(0),
        _ => tensor.try_extract_tensor_mut::<f32>()?.1.fill(0.0),
    }
    Ok(tensor)
}
