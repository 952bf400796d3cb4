//! One file of a network in ONNX Runtime: opened against its contract, run batch by batch.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use ort::{
    session::{Session, SessionInputValue},
    value::{Shape, TensorElementType, TensorRef},
};

use crate::{
    NetworkError, NetworkFile, Placement, Provider, Runtime, Setting, Sizes,
    bound::Bound,
    failure, placement,
    sizes::{Failed, Room},
    tensor::{self, Tensor},
};

/// A session of ONNX Runtime and the file that it comes from.
pub(crate) struct Model {
    session: Session,
    file: PathBuf,
    provider: Provider,
    room: Room,
    batches: Option<Batches>,
    /// Where nodes ran; known after the first run, of what is not on a processor.
    placement: Option<Placement>,
    is_profiling: bool,
}

/// How batches are given to a card.
struct Batches {
    sizes: Sizes,
    bound: Bound,
}

/// Items for an input, one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub name: &'static str,
    pub item_shape: &'a [usize],
    pub values: Values<'a>,
}

/// Numbers of an input.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a> {
    Floats(&'a [f32]),
    Bytes(&'a [u8]),
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
        setting: &Setting,
        inputs: &[Tensor<'_>],
        outputs: &[Tensor<'_>],
    ) -> Result<Self, NetworkError> {
        let failed = |source| {
            let file = file.path.clone();
            failure::told(NetworkError::Open { file, source }, setting.provider)
        };
        let is_profiling = setting.provider != Provider::Cpu;
        let session = runtime
            .session(setting)
            .and_then(|builder| match is_profiling {
                true => Ok(builder.with_profiling(placement::profile_prefix())?),
                false => Ok(builder),
            })
            .and_then(|mut builder| builder.commit_from_memory(&file.bytes))
            .map_err(failed)?;
        tensor::check(&file.path, "input", session.inputs(), inputs)?;
        tensor::check_no_more(&file.path, session.inputs(), inputs)?;
        tensor::check(&file.path, "output", session.outputs(), outputs)?;
        let batches = setting.sizes.clone().map(|sizes| {
            let bound = Bound::new(&session, setting)?;
            Ok(Batches { sizes, bound })
        });
        let batches: Option<Batches> = batches.transpose().map_err(failed)?;
        let limit = batches
            .as_ref()
            .map_or(1, |batches| batches.sizes.largest());
        Ok(Self {
            session,
            file: file.path.clone(),
            provider: setting.provider,
            room: Room::new(limit),
            batches,
            placement: None,
            is_profiling,
        })
    }

    /// The file that it comes from.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Where its nodes ran, of what is not on a processor.
    pub(crate) fn placement(&self) -> Option<&Placement> {
        self.placement.as_ref()
    }

    /// Runs items through the model and gives its outputs in the order of `wanted`.
    pub(crate) fn run(
        &mut self,
        inputs: &[Input<'_>],
        items: usize,
        wanted: &[Tensor<'_>],
    ) -> Result<Vec<Output>, NetworkError> {
        let mut outputs: Vec<_> = wanted.iter().map(|_| Output::default()).collect();
        let mut room = self.room.clone();
        let ran = room.run(items, failure::has_no_room, |range| {
            let ran = self.run_batch(inputs, range, wanted, &mut outputs);
            // A batch that had no room leaves its buffers behind, and memory is short.
            if let (Err(error), Some(batches)) = (&ran, &mut self.batches)
                && failure::has_no_room(error)
            {
                batches.bound.clear();
            }
            ran
        });
        self.room = room;
        ran.map_err(|failed| match failed {
            Failed::Other(error) => failure::told(error, self.provider),
            Failed::NoRoom { error, fits } => NetworkError::NoRoom {
                file: self.file.clone(),
                fits,
                source: Box::new(error),
            },
        })?;
        self.end_profiling()?;
        Ok(outputs)
    }

    fn run_batch(
        &mut self,
        inputs: &[Input<'_>],
        items: Range<usize>,
        wanted: &[Tensor<'_>],
        outputs: &mut [Output],
    ) -> Result<(), NetworkError> {
        let file = &self.file;
        let failed = |source| NetworkError::Run {
            file: file.clone(),
            source,
        };
        let batch: Vec<_> = inputs.iter().map(|input| input.some(&items)).collect();
        if let Some(batches) = &mut self.batches {
            let size = batches.sizes.padded(items.len());
            let bound = &mut batches.bound;
            let results = bound.run(&mut self.session, &batch, wanted, size);
            for ((tensor, output), result) in
                wanted.iter().zip(outputs).zip(results.map_err(failed)?)
            {
                let result = result.try_extract_tensor().map_err(failed)?;
                output.take(file, tensor, &items, size, result)?;
            }
            return Ok(());
        }
        let values: ort::Result<Vec<_>> = (batch.iter())
            .map(|input| Ok((input.name, input.tensor(items.len())?)))
            .collect();
        let results = self.session.run(values.map_err(failed)?).map_err(failed)?;
        for (tensor, output) in wanted.iter().zip(outputs) {
            let result = results[tensor.name].try_extract_tensor().map_err(failed)?;
            output.take(file, tensor, &items, items.len(), result)?;
        }
        Ok(())
    }

    /// After the first run it is known where nodes ran.
    fn end_profiling(&mut self) -> Result<(), NetworkError> {
        if !self.is_profiling {
            return Ok(());
        }
        self.is_profiling = false;
        let failed = |source| NetworkError::Run {
            file: self.file.clone(),
            source,
        };
        let profile = self.session.end_profiling().map_err(failed)?;
        let placement =
            placement::take(Path::new(&profile)).map_err(|source| NetworkError::Read {
                file: profile.into(),
                source,
            })?;
        if placement.is_elsewhere(self.provider) {
            return Err(NetworkError::Elsewhere {
                file: self.file.clone(),
                provider: self.provider,
            });
        }
        self.placement = Some(placement);
        Ok(())
    }
}

impl Output {
    /// Appends those items of a result that are no padding, once they have been seen to be whole.
    fn take(
        &mut self,
        file: &Path,
        tensor: &Tensor<'_>,
        items: &Range<usize>,
        given: usize,
        (shape, values): (&Shape, &[f32]),
    ) -> Result<(), NetworkError> {
        let values = tensor::check_output(file, tensor, items, given, (shape, values))?;
        self.item_shape = shape[1..].iter().map(|d| *d as usize).collect();
        self.values.extend_from_slice(values);
        Ok(())
    }
}

impl Values<'_> {
    /// What its numbers are.
    pub(crate) fn kind(&self) -> TensorElementType {
        match self {
            Values::Floats(_) => TensorElementType::Float32,
            Values::Bytes(_) => TensorElementType::Uint8,
        }
    }
}

impl<'a> Input<'a> {
    /// Some of the items, without a copy.
    fn some(&self, items: &Range<usize>) -> Self {
        let length: usize = self.item_shape.iter().product();
        let range = items.start * length..items.end * length;
        let values = match self.values {
            Values::Floats(values) => Values::Floats(&values[range]),
            Values::Bytes(values) => Values::Bytes(&values[range]),
        };
        Self { values, ..*self }
    }

    /// As ONNX Runtime takes them, without a copy.
    fn tensor(&self, items: usize) -> ort::Result<SessionInputValue<'a>> {
        let shape = [&[items], self.item_shape].concat();
        Ok(match self.values {
            Values::Floats(values) => TensorRef::from_array_view((shape, values))?.into(),
            Values::Bytes(values) => TensorRef::from_array_view((shape, values))?.into(),
        })
    }
}
