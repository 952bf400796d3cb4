//! Kinds of sets: what a network's contract says that it must be trained on.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sonoscope_models::Contract;
use sonoscope_operators::GridSpec;

use super::{
    clip::{FRAME_SIZE, PairMaker},
    sample::Maker,
    stretch::StretchMaker,
};
use crate::{fault::Fault, sources::Frames, weights::hashes::hex};

/// Of the form of `set.json` and of all that lies beside it.
const FORM: u32 = 1;

/// The pictures that such a set holds beside those of the seconds' middles: larger than the network
/// wants them, so that training can crop.
pub fn grid(contract: &Contract) -> Option<GridSpec> {
    GridSpec::of(&contract.frame).map(GridSpec::with_room_to_crop)
}

/// The page that says of a set how it is made. Networks with the same page share a set. Which
/// pictures are decoded is only said where it decides which ones are in the set.
pub fn page(contract: &Contract, frames: Frames) -> Value {
    let (kind, picture_pixels, preprocessing) = match grid(contract) {
        None => (
            "pairs",
            FRAME_SIZE,
            json!({
                "antialias": contract.frame.antialias,
                "audio": contract.audio,
                "spectrogram": contract.spectrogram,
            }),
        ),
        Some(grid) => (
            "clips",
            grid.width,
            json!({
                "antialias": contract.frame.antialias,
                "pictures_hz": grid.rate_hz,
                "waveform_hz": contract.audio.rate_hz,
            }),
        ),
    };
    let hash = hex(&Sha256::digest(preprocessing.to_string()));
    let mut page = json!({
        "form": FORM,
        "kind": kind,
        "picture_pixels": picture_pixels,
        "preprocessing": preprocessing,
        "preprocessing_sha256": hash,
    });
    if frames == Frames::Keyframe {
        page["frames"] = json!("keyframe");
    }
    page
}

/// What makes the samples of such a set.
///
/// # Errors
/// When the contract asks for what cannot be made.
pub fn maker(contract: &Contract) -> Result<Box<dyn Maker>, Fault> {
    Ok(match (grid(contract), &contract.spectrogram) {
        (Some(grid), _) => {
            let maker = StretchMaker::new(grid, contract.audio.rate_hz);
            Box::new(maker.map_err(Fault::environment)?)
        }
        (None, Some(spectrogram)) => {
            let maker = PairMaker::new(&contract.frame, &contract.audio, spectrogram);
            Box::new(maker.map_err(Fault::environment)?)
        }
        (None, None) => {
            return Err(Fault::environment(
                "the network's contract says neither what it sees of a second nor of a window",
            ));
        }
    })
}
