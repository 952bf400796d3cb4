//! Dataflow operators and the words they speak: no GStreamer, no network, no disk.

mod budget;
mod choose;
mod commit;
mod divisor;
mod features;
mod frame;
mod infer;
mod nearest;
mod resample;
mod row;
mod segment;
pub mod slice;
mod spectrogram;

pub use budget::{Budget, Permit};
pub use choose::{FrameChooser, Pick};
pub use commit::commit;
pub use features::{FeatureMaker, Features, Preparation, features};
pub use frame::FrameTensor;
pub use infer::{Batching, Job, infer};
pub use nearest::{NEAREST_NS, NearestChooser};
pub use resample::{MonoResampler, ResampleError};
pub use row::{CORRESPONDS, Heatmap, Include, Peak, Provenance, ROW_SCHEMA, Row, Score};
pub use segment::{
    Arrival, ChosenFrame, ClockSource, Event, Frame, Picture, SECOND_NS, SEGMENT_SAMPLES, Segment,
    SourceId, SourceInfo, Status,
};
pub use slice::{Slicer, slice};
pub use spectrogram::{Spectrogram, SpectrogramError};
