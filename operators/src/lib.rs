//! Dataflow operators and the words they speak: no GStreamer, no network, no disk.

mod budget;
mod choose;
mod clip;
mod commit;
mod cut;
mod divisor;
mod features;
mod frame;
mod grid;
mod infer;
mod nearest;
mod resample;
mod resize;
mod row;
mod segment;
pub mod slice;
mod spectrogram;
pub mod views;
mod waveform;
mod window;

pub use budget::{Budget, Permit};
pub use choose::{FrameChooser, Pick};
pub use clip::ClipTensor;
pub use commit::{Committed, commit, commit_into};
pub use cut::Cuts;
pub use features::{
    FeatureMaker, Features, Inputs, Preparation, SoundContract, WindowContract, WindowMaker,
    features,
};
pub use frame::FrameTensor;
pub use grid::{Grid, GridChooser, GridSpec};
pub use infer::{Batching, Job, infer};
pub use nearest::{NEAREST_NS, NearestChooser};
pub use resample::{MonoResampler, ResampleError};
pub use resize::{PlaneKind, PlaneView, Resize};
pub use row::{CORRESPONDS, Heatmap, Include, Peak, Provenance, ROW_SCHEMA, Row, Score};
pub use segment::{
    Arrival, ChosenFrame, ClockSource, Event, Frame, NoSourceId, Picture, SECOND_NS,
    SEGMENT_SAMPLES, Segment, SourceEnd, SourceId, SourceInfo, Status, Wishes,
};
pub use slice::{Slicer, slice};
pub use spectrogram::{MelSpectrogram, Spectrogram, SpectrogramError};
pub use waveform::Waveform;
pub use window::{WINDOW_REACH, Window, WindowSecond, Windower, window};
