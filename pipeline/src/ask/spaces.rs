//! The spaces in which a run's networks put pictures and sounds, and what puts a question there.

use std::sync::{Arc, Mutex, PoisonError};

use sonoscope_models::{Contract, Network, NetworkFiles, Precision, Provider, Runtime, zoo};
use sonoscope_operators::{
    ClockSource, FeatureMaker, Features, Frame, Picture, Preparation, Segment, SourceId,
    SourceInfo, Status, Wishes,
    views::{self, Embedding, Modality},
};

use super::Refusal;
use crate::pool::Member;

/// The networks of a run that give embeddings.
pub struct Spaces {
    runtime: Runtime,
    spaces: Vec<Space>,
    /// The network that was asked last, still open, by its place among them.
    open: Mutex<Option<(usize, Towers)>>,
}

/// One network's space.
#[derive(Clone, Debug)]
pub struct Space {
    /// The network, as rows name it.
    pub network: views::Network,
    /// As the run was told to use it: its name, or its folder.
    asked: String,
    provider: Provider,
    precision: Precision,
    /// Whether pictures and sounds lie in it together, so that one finds the other.
    is_shared: bool,
}

/// What lies in a space.
pub enum Subject {
    /// A picture.
    Picture(Picture),
    /// A second of sound at 48 kHz.
    Sound(Arc<[f32]>),
}

/// An open network.
struct Towers {
    network: Network,
    maker: FeatureMaker,
}

impl Spaces {
    /// Those of a run's networks, of which it is known how they were asked for.
    pub fn new(runtime: &Runtime, members: &[Member], asked: &[String]) -> Self {
        let spaces = members.iter().zip(asked).filter_map(|(member, asked)| {
            let outputs = &member.files.contract().outputs;
            outputs.embedding?;
            Some(Space {
                network: (&member.provenance()).into(),
                asked: asked.clone(),
                provider: member.provider_of(0),
                precision: member.files.precision,
                is_shared: outputs.distance,
            })
        });
        Self {
            runtime: runtime.clone(),
            spaces: spaces.collect(),
            open: Mutex::default(),
        }
    }

    /// The space that a question is about: that of the network it names, or the only one there is
    /// in which a `given` finds what it `seeks`.
    ///
    /// # Errors
    /// When there is none, or it has to be named.
    pub fn find(
        &self,
        name: Option<&str>,
        given: Option<Modality>,
        seeks: Option<Modality>,
    ) -> Result<&Space, Refusal> {
        let finds = |space: &&Space| space.is_shared || (given.is_some() && seeks == given);
        let Some(name) = name else {
            let mut fitting = self.spaces.iter().filter(finds);
            return match (fitting.next(), fitting.next()) {
                (Some(space), None) => Ok(space),
                (Some(_), Some(_)) => Err(Refusal::WhichNetwork),
                (None, _) => Err(Refusal::NoSpace),
            };
        };
        let is_it = |space: &&Space| space.asked == name || space.network.name() == name;
        let space = self.spaces.iter().find(is_it);
        let space = space.ok_or_else(|| Refusal::NoNetwork(name.to_owned()))?;
        match finds(&space) {
            true => Ok(space),
            false => Err(Refusal::Apart(name.to_owned())),
        }
    }

    /// Where something lies in a space: what the tower of the run's own network makes of it, as it
    /// does of rows. The network is opened at the first question, and stays open.
    ///
    /// # Errors
    /// When the network has changed on disk, cannot be opened, or fails.
    pub fn embed(&self, space: &Space, subject: Subject) -> Result<Embedding, Refusal> {
        let place = (self.spaces.iter())
            .position(|other| other.network == space.network)
            .ok_or(Refusal::NoSpace)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|(other, _)| *other != place) {
            *open = None;
            *open = Some((place, Towers::open(&self.runtime, space)?));
        }
        let Some((_, towers)) = open.as_mut() else {
            return Err(Refusal::NoSpace);
        };
        towers.embed(subject)
    }
}

impl Towers {
    fn open(runtime: &Runtime, space: &Space) -> Result<Self, Refusal> {
        let folder = zoo::resolve(&space.asked).map_err(Refusal::network)?;
        let files = (NetworkFiles::load(&folder, space.precision))
            .and_then(|files| files.for_provider(space.provider))
            .map_err(Refusal::network)?;
        if files.network_hash() != space.network.hash() {
            return Err(Refusal::Changed(space.asked.clone()));
        }
        let contracts: [&Contract; 1] = [files.contract()];
        let maker = FeatureMaker::new(&Preparation::new(contracts)).map_err(Refusal::network)?;
        let network = Network::from_files(runtime, &files, space.provider, 1);
        Ok(Self {
            network: network.map_err(Refusal::network)?,
            maker,
        })
    }

    fn embed(&mut self, subject: Subject) -> Result<Embedding, Refusal> {
        let is_picture = matches!(subject, Subject::Picture(_));
        let Features {
            frames,
            spectrograms,
            ..
        } = self.maker.make(alone(subject));
        let made = match is_picture {
            true => (frames.first()).map(|frame| self.network.frame_features(frame, 1)),
            false => (spectrograms.first()).map(|sound| self.network.audio_features(sound, 1)),
        };
        let features = made.ok_or(Refusal::NoSpace)?.map_err(Refusal::network)?;
        Ok(Embedding::from(features.item(0)))
    }
}

/// A second that has nothing but this.
fn alone(subject: Subject) -> Segment {
    let (samples, frame) = match subject {
        Subject::Picture(picture) => {
            let frame = Frame {
                pts_ns: 0,
                picture: Arc::new(picture),
                permit: None,
            };
            (None, Some(frame))
        }
        Subject::Sound(samples) => (Some(samples), None),
    };
    let status = |is_there| match is_there {
        true => Status::Present,
        false => Status::Absent,
    };
    let (has_audio, has_video) = (samples.is_some(), frame.is_some());
    let source = SourceInfo {
        id: SourceId::slug("query"),
        ordinal: 0,
        session: 0,
        base_segment: 0,
        first_segment: 0,
        wanted: 0..1,
        has_audio,
        has_video,
        began: None,
        clock_source: ClockSource::File,
        wishes: Wishes::default(),
    };
    Segment {
        source: Arc::new(source),
        index: 0,
        seconds: 1,
        dropped: 0,
        audio: status(has_audio),
        video: status(has_video),
        samples,
        audio_dbfs: None,
        frame,
        grid: None,
        window: None,
    }
}
