//! A tower: the file of a network that turns pictures, or sounds, into features.

use crate::{
    Contract, Features, NetworkError, NetworkFile, Runtime,
    model::{Input, Model, Place},
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
        place: Place,
    ) -> Result<Self, NetworkError> {
        let frame = &file.contract.frame;
        let item_shape = match &frame.clip {
            None => vec![3, frame.height, frame.width],
            Some(clip) => vec![3, clip.frames, frame.height, frame.width],
        };
        Self::open(runtime, file, place, "frame", item_shape)
    }

    /// The tower that listens.
    pub(crate) fn audio(
        runtime: &Runtime,
        file: &NetworkFile,
        place: Place,
    ) -> Result<Self, NetworkError> {
        let (input, item_shape) = match file.contract.spectrogram_shape() {
            Some([bins, frames]) => ("spectrogram", vec![1, bins, frames]),
            None => ("waveform", vec![1, file.contract.audio.window_samples]),
        };
        Self::open(runtime, file, place, input, item_shape)
    }

    /// Opens a tower and tries it on zeros, by which its features' shape is known.
    fn open(
        runtime: &Runtime,
        file: &NetworkFile,
        place: Place,
        input: &'static str,
        item_shape: Vec<usize>,
    ) -> Result<Self, NetworkError> {
        let inputs = [Tensor::new(input, Some(&item_shape))];
        let embedding = embedding_shape(&file.contract);
        let outputs = [Tensor::new("features", embedding.as_deref())];
        let mut model = Model::open(runtime, file, place, &inputs, &outputs)?;
        let zeros = vec![0.0; item_shape.iter().product()];
        let zeros = Input {
            name: input,
            item_shape: &item_shape,
            values: &zeros,
        };
        let features = model.run(&[zeros], 1, &outputs)?.swap_remove(0);
        Ok(Self {
            model,
            input,
            item_shape,
            features_shape: features.item_shape,
        })
    }

    /// The features of `items` pictures or sounds, whose tensors lie one after the other.
    pub(crate) fn features(
        &mut self,
        tensors: &[f32],
        items: usize,
    ) -> Result<Features, NetworkError> {
        let item_values: usize = self.item_shape.iter().product();
        if tensors.len() != items * item_values {
            return Err(NetworkError::Input {
                file: self.model.file().into(),
                tensor: self.input,
                expected: format!("{items} items of {:?} numbers", self.item_shape),
                found: format!("{} numbers", tensors.len()),
            });
        }
        let input = Input {
            name: self.input,
            item_shape: &self.item_shape,
            values: tensors,
        };
        let wanted = [Tensor::new("features", Some(&self.features_shape))];
        let features = self.model.run(&[input], items, &wanted)?.swap_remove(0);
        Ok(Features::new(self.features_shape.clone(), features.values))
    }

    /// The shape of one item's features.
    pub(crate) fn features_shape(&self) -> &[usize] {
        &self.features_shape
    }
}

fn embedding_shape(contract: &Contract) -> Option<Vec<usize>> {
    Some(vec![contract.outputs.embedding?])
}
