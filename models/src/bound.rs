//! Buffers of a session that are kept from batch to batch, one set for each size of batch: pinned
//! where there is a card, so that it fetches them by itself.

use std::collections::BTreeMap;

use ort::{
    memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType},
    session::{IoBinding, Session},
    value::{DynTensor, TensorElementType},
};

use crate::{
    Provider,
    model::{Input, Values},
};

/// The buffers of a session, by the size of the batch.
pub(crate) struct Bound {
    allocator: Allocator,
    outputs: MemoryInfo<'static>,
    buffers: BTreeMap<usize, Buffers>,
}

struct Buffers {
    binding: IoBinding,
    inputs: Vec<DynTensor>,
}

impl Bound {
    /// No buffers yet.
    pub(crate) fn new(session: &Session, provider: Provider) -> ort::Result<Self> {
        let pinned = |card: u32, kind| {
            let device = AllocationDevice::CUDA_PINNED;
            MemoryInfo::new(device, card.cast_signed(), AllocatorType::Device, kind)
        };
        Ok(match provider {
            Provider::Cpu => Self {
                allocator: Allocator::default(),
                outputs: MemoryInfo::default(),
                buffers: BTreeMap::new(),
            },
            Provider::Cuda(card) | Provider::TensorRt(card) => Self {
                allocator: Allocator::new(session, pinned(card, MemoryType::CPUInput)?)?,
                outputs: pinned(card, MemoryType::CPUOutput)?,
                buffers: BTreeMap::new(),
            },
        })
    }

    /// Copies items into the buffers of a batch of `size`, behind which zeros or items of an
    /// earlier batch may remain, and gives what is bound to them.
    pub(crate) fn fill(
        &mut self,
        session: &Session,
        inputs: &[Input<'_>],
        outputs: &[&'static str],
        size: usize,
    ) -> ort::Result<&IoBinding> {
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
        Ok(&buffers.binding)
    }

    /// Lets go of all buffers, where memory has become short.
    pub(crate) fn clear(&mut self) {
        self.buffers.clear();
    }

    fn allocate(
        &self,
        session: &Session,
        inputs: &[Input<'_>],
        outputs: &[&'static str],
        size: usize,
    ) -> ort::Result<Buffers> {
        let mut binding = session.create_binding()?;
        let mut tensors = Vec::with_capacity(inputs.len());
        for input in inputs {
            let shape = [&[size], input.item_shape].concat();
            let tensor = match input.values {
                Values::Floats(_) => {
                    let kind = TensorElementType::Float32;
                    let mut tensor = DynTensor::new(&self.allocator, kind, shape)?;
                    tensor.try_extract_tensor_mut::<f32>()?.1.fill(0.0);
                    tensor
                }
                Values::Bytes(_) => {
                    let kind = TensorElementType::Uint8;
                    let mut tensor = DynTensor::new(&self.allocator, kind, shape)?;
                    tensor.try_extract_tensor_mut::<u8>()?.1.fill(0);
                    tensor
                }
            };
            binding.bind_input(input.name, &tensor)?;
            tensors.push(tensor);
        }
        for output in outputs {
            binding.bind_output_to_device(*output, &self.outputs)?;
        }
        Ok(Buffers {
            binding,
            inputs: tensors,
        })
    }
}
