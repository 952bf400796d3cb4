//! A tower: the file of a network that turns pictures, or sounds, into features.

use crate::{
    Contract, Features, NetworkError, NetworkFile, Placement, Runtime, Setting,
    model::{Input, Model, Output, Values},
    prologue::{self, PIXELS},
    tensor::Tensor,
};

/// An open tower.
pub(crate) struct Tower {
    model: Model,
    input: &'static str,
    item_shape: Vec<usize>,
    features_shape: Vec<usize>,
}

impl Tower {
    /// The tower that looks.
    pub(crate) fn frame(
        runtime: &Runtime,
        file: &NetworkFile,
        setting: &Setting,
    ) -> Result<Self, NetworkError> {
        let frame = &file.contract.frame;
        if let Some(clip) = &frame.clip {
            let item_shape = vec![3, clip.frames, frame.height, frame.width];
            return Self::open(runtime, file, setting, "frame", item_shape);
        }
        if !setting.bytes {
            let item_shape = vec![3, frame.height, frame.width];
            return Self::open(runtime, file, setting, "frame", item_shape);
        }
        let bytes = prologue::prepend(&file.bytes, frame);
        let with_prologue = NetworkFile {
            bytes: bytes.map_err(|problem| NetworkError::NotOnnx {
                file: file.path.clone(),
                problem,
            })?,
            ..file.clone()
        };
        let item_shape = vec![frame.height, frame.width, 3];
        Self::open(runtime, &with_prologue, setting, PIXELS, item_shape)
    }

    /// The tower that listens.
    pub(crate) fn audio(
        runtime: &Runtime,
        file: &NetworkFile,
        setting: &Setting,
    ) -> Result<Self, NetworkError> {
        let (input, item_shape) = match file.contract.spectrogram_shape() {
            Some([bins, frames]) => ("spectrogram", vec![1, bins, frames]),
            None => ("waveform", vec![1, file.contract.audio.window_samples]),
        };
        Self::open(runtime, file, setting, input, item_shape)
    }

    /// Opens a tower and tries it on zeros, by which its features' shape is known.
    fn open(
        runtime: &Runtime,
        file: &NetworkFile,
        setting: &Setting,
        input: &'static str,
        item_shape: Vec<usize>,
    ) -> Result<Self, NetworkError> {
        let tensor = Tensor::new(input, Some(&item_shape));
        let wants_bytes = input == PIXELS;
        let inputs = [if wants_bytes {
            tensor.of_bytes()
        } else {
            tensor
        }];
        let embedding = embedding_shape(&file.contract);
        let outputs = [Tensor::new("features", embedding.as_deref())];
        let model = Model::open(runtime, file, setting, &inputs, &outputs)?;
        let mut tower = Self {
            model,
            input,
            item_shape,
            features_shape: Vec::new(),
        };
        let item_values: usize = tower.item_shape.iter().product();
        let features = match wants_bytes {
            true => tower.run(Values::Bytes(&vec![0; item_values]), 1, &outputs),
            false => tower.run(Values::Floats(&vec![0.0; item_values]), 1, &outputs),
        }?;
        tower.features_shape = features.item_shape;
        Ok(tower)
    }

    /// The features of `items` pictures or sounds, whose tensors lie one after the other.
    pub(crate) fn features(
        &mut self,
        values: Values<'_>,
        items: usize,
    ) -> Result<Features, NetworkError> {
        let item_values: usize = self.item_shape.iter().product();
        let (length, is_bytes) = match values {
            Values::Floats(floats) => (floats.len(), false),
            Values::Bytes(bytes) => (bytes.len(), true),
        };
        let of = |is_bytes| if is_bytes { "bytes" } else { "numbers" };
        if length != items * item_values || is_bytes != self.wants_bytes() {
            let shape = &self.item_shape;
            return Err(NetworkError::Input {
                file: self.model.file().into(),
                tensor: self.input,
                expected: format!("{items} items of {shape:?} {}", of(self.wants_bytes())),
                found: format!("{length} {}", of(is_bytes)),
            });
        }
        let shape = self.features_shape.clone();
        let wanted = [Tensor::new("features", Some(&shape))];
        let features = self.run(values, items, &wanted)?;
        Ok(Features::new(shape, features.values))
    }

    fn run(
        &mut self,
        values: Values<'_>,
        items: usize,
        wanted: &[Tensor<'_>],
    ) -> Result<Output, NetworkError> {
        let input = Input {
            name: self.input,
            item_shape: &self.item_shape,
            values,
        };
        let mut outputs = self.model.run(&[input], items, wanted)?;
        Ok(outputs.swap_remove(0))
    }

    /// The features of black pictures or of silence.
    pub(crate) fn of_nothing(&mut self, items: usize) -> Result<Features, NetworkError> {
        let item_values: usize = self.item_shape.iter().product();
        match self.wants_bytes() {
            true => self.features(Values::Bytes(&vec![0; items * item_values]), items),
            false => self.features(Values::Floats(&vec![0.0; items * item_values]), items),
        }
    }

    /// Whether it takes pictures as bytes.
    pub(crate) fn wants_bytes(&self) -> bool {
        self.input == PIXELS
    }

    /// Where its nodes ran.
    pub(crate) fn placement(&self) -> Option<&Placement> {
        self.model.placement()
    }

    /// The shape of one item's features.
    pub(crate) fn features_shape(&self) -> &[usize] {
        &self.features_shape
    }
}

fn embedding_shape(contract: &Contract) -> Option<Vec<usize>> {
    Some(vec![contract.outputs.embedding?])
}
