//! One file of a network in ONNX Runtime: opened against its contract, run batch by batch.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use ort::{
    session::{Session, SessionInputValue},
    value::TensorRef,
};

use crate::{
    NetworkError, NetworkFile, Provider, Runtime,
    tensor::{self, Tensor},
};

/// A session of ONNX Runtime and the file that it comes from.
pub(crate) struct Model {
    session: Session,
    file: PathBuf,
    /// On a processor one: there a batch saves no time, and the numbers of an item would depend,
    /// in their last bits, on what it happens to be batched with.
    items_a_run: usize,
}

/// Where a model runs, and on how many threads of a processor.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub provider: Provider,
    pub intra_threads: usize,
}

/// Items for an input, one after the other.
pub(crate) struct Input<'a> {
    pub name: &'static str,
    pub item_shape: &'a [usize],
    pub values: &'a [f32],
}

/// Items from an output, one after the other.
#[derive(Default)]
pub(crate) struct Output {
    pub item_shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl Model {
    /// Opens a file and sees that it has these inputs, no others, and these outputs.
    pub(crate) fn open(
        runtime: &Runtime,
        file: &NetworkFile,
        place: Place,
        inputs: &[Tensor<'_>],
        outputs: &[Tensor<'_>],
    ) -> Result<Self, NetworkError> {
        let session = runtime
            .session(place.provider, place.intra_threads)
            .and_then(|mut builder| builder.commit_from_memory(&file.bytes))
            .map_err(|source| NetworkError::Open {
                file: file.path.clone(),
                source,
            })?;
        tensor::check(&file.path, "input", session.inputs(), inputs)?;
        tensor::check_no_more(&file.path, session.inputs(), inputs)?;
        tensor::check(&file.path, "output", session.outputs(), outputs)?;
        Ok(Self {
            session,
            file: file.path.clone(),
            items_a_run: match place.provider {
                Provider::Cpu => 1,
                Provider::Cuda(_) | Provider::TensorRt(_) => usize::MAX,
            },
        })
    }

    /// The file that it comes from.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Runs items through the model and gives its outputs in the order of `wanted`.
    pub(crate) fn run(
        &mut self,
        inputs: &[Input<'_>],
        items: usize,
        wanted: &[Tensor<'_>],
    ) -> Result<Vec<Output>, NetworkError> {
        let mut outputs: Vec<_> = wanted.iter().map(|_| Output::default()).collect();
        let mut start = 0;
        while start < items {
            let end = items.min(start.saturating_add(self.items_a_run));
            self.run_batch(inputs, start..end, wanted, &mut outputs)?;
            start = end;
        }
        Ok(outputs)
    }

    fn run_batch(
        &mut self,
        inputs: &[Input<'_>],
        items: Range<usize>,
        wanted: &[Tensor<'_>],
        outputs: &mut [Output],
    ) -> Result<(), NetworkError> {
        let failed = |source| NetworkError::Run {
            file: self.file.clone(),
            source,
        };
        let batch: ort::Result<Vec<_>> = inputs
            .iter()
            .map(|input| Ok((input.name, input.batch(items.clone())?)))
            .collect();
        let results = self.session.run(batch.map_err(failed)?).map_err(failed)?;
        for (tensor, output) in wanted.iter().zip(outputs) {
            let (shape, values) = results[tensor.name].try_extract_tensor().map_err(failed)?;
            let result = (&**shape, values);
            tensor::check_output(&self.file, tensor, items.start, items.len(), result)?;
            output.item_shape = shape[1..].iter().map(|d| *d as usize).collect();
            output.values.extend_from_slice(values);
        }
        Ok(())
    }
}

impl Input<'_> {
    /// Some of the items, without a copy.
    fn batch(&self, items: Range<usize>) -> ort::Result<SessionInputValue<'_>> {
        let length: usize = self.item_shape.iter().product();
        let values = &self.values[items.start * length..items.end * length];
        let shape = [&[items.len()], self.item_shape].concat();
        Ok(TensorRef::from_array_view((shape, values))?.into())
    }
}
