//! The head: the file of a network that turns the features of a picture and a sound into a score.

use crate::{
    Features, NetworkError, NetworkFile, OutputContract, Placement, Polarity, Runtime, Score,
    Setting,
    model::{Input, Model, Values},
    tensor::Tensor,
};

/// How far beyond 0..1 rounding may carry a correspondence.
const ROUNDING: f32 = 1e-4;

/// An open head.
pub(crate) struct Head {
    model: Model,
    frame_shape: Vec<usize>,
    audio_shape: Vec<usize>,
    outputs: OutputContract,
}

impl Head {
    /// Opens a head for features of these shapes and tries it on zeros.
    pub(crate) fn open(
        runtime: &Runtime,
        file: &NetworkFile,
        setting: &Setting,
        frame_shape: &[usize],
        audio_shape: &[usize],
    ) -> Result<Self, NetworkError> {
        let outputs = file.contract.outputs.clone();
        let inputs = [
            Tensor::new("frame_features", Some(frame_shape)),
            Tensor::new("audio_features", Some(audio_shape)),
        ];
        let model = Model::open(runtime, file, setting, &inputs, &wanted(&outputs))?;
        let mut head = Self {
            model,
            frame_shape: frame_shape.into(),
            audio_shape: audio_shape.into(),
            outputs,
        };
        let zeros = |shape: &[usize]| {
            let values = vec![0.0; shape.iter().product()];
            Features::new(shape.into(), values)
        };
        head.score(&zeros(frame_shape), &zeros(audio_shape))?;
        Ok(head)
    }

    /// What the network says of each picture with the sound of the same index.
    pub(crate) fn score(
        &mut self,
        frame: &Features,
        audio: &Features,
    ) -> Result<Vec<Score>, NetworkError> {
        let items = frame.len();
        self.check("frame_features", &self.frame_shape, items, frame)?;
        self.check("audio_features", &self.audio_shape, items, audio)?;
        let inputs = [
            input("frame_features", frame),
            input("audio_features", audio),
        ];
        let outputs = self.model.run(&inputs, items, &wanted(&self.outputs))?;
        let mut outputs = outputs.into_iter().map(|output| output.values);
        let correspondence = outputs.next().unwrap_or_default();
        let distance = self.outputs.distance.then(|| outputs.next()).flatten();
        let heatmap = outputs.next();
        (0..items)
            .map(|item| {
                Ok(Score {
                    correspondence: self.correspondence(item, correspondence[item])?,
                    distance: distance.as_ref().map(|distances| distances[item]),
                    heatmap: heatmap.as_ref().map(|cells| {
                        let length = cells.len() / items;
                        cells[item * length..][..length].to_vec()
                    }),
                })
            })
            .collect()
    }

    /// Where its nodes ran.
    pub(crate) fn placement(&self) -> Option<&Placement> {
        self.model.placement()
    }

    /// A correspondence as the network gives it, made 1 for what belongs together.
    fn correspondence(&self, item: usize, value: f32) -> Result<f32, NetworkError> {
        if !(-ROUNDING..=1.0 + ROUNDING).contains(&value) {
            return Err(NetworkError::Value {
                file: self.model.file().into(),
                tensor: "correspondence",
                item,
                value,
                problem: "outside of 0..1, where a softmax or a sigmoid ends",
            });
        }
        let value = value.clamp(0.0, 1.0);
        Ok(match self.outputs.correspondence {
            Some(Polarity::LowCorresponds) => 1.0 - value,
            Some(Polarity::HighCorresponds) | None => value,
        })
    }

    fn check(
        &self,
        tensor: &'static str,
        shape: &[usize],
        items: usize,
        given: &Features,
    ) -> Result<(), NetworkError> {
        if given.item_shape() == shape && given.len() == items {
            return Ok(());
        }
        Err(NetworkError::Input {
            file: self.model.file().into(),
            tensor,
            expected: format!("{items} items of {shape:?} numbers"),
            found: format!("{} items of {:?} numbers", given.len(), given.item_shape()),
        })
    }
}

/// The outputs that a head must have: `correspondence`, then `distance` and `heatmap` if the
/// contract speaks of them.
fn wanted(outputs: &OutputContract) -> Vec<Tensor<'_>> {
    let cells = outputs.heatmap.as_ref().map(|shape| &shape[..]);
    let correspondence = Tensor::new("correspondence", Some(&[]));
    let distance = outputs
        .distance
        .then_some(Tensor::new("distance", Some(&[])));
    let heatmap = cells.map(|cells| Tensor::new("heatmap", Some(cells)));
    [Some(correspondence), distance, heatmap]
        .into_iter()
        .flatten()
        .collect()
}

fn input<'a>(name: &'static str, features: &'a Features) -> Input<'a> {
    Input {
        name,
        item_shape: features.item_shape(),
        values: Values::Floats(features.values()),
    }
}
