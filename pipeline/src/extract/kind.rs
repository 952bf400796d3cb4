//! Kinds of sets: what a network's contract says that it must be trained on.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sonoscope_models::Contract;

use super::{
    clip::{FRAME_SIZE, PairMaker},
    sample::Maker,
};
use crate::fault::Fault;

/// Of the form of `set.json` and of all that lies beside it.
const FORM: u32 = 1;

/// The page that says of a set how it is made. Networks with the same page share a set.
pub fn page(contract: &Contract) -> Value {
    let preprocessing = json!({
        "antialias": contract.frame.antialias,
        "audio": contract.audio,
        "spectrogram": contract.spectrogram,
    });
    let hash = Sha256::digest(preprocessing.to_string());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "form": FORM,
        "kind": "pairs",
        "picture_pixels": FRAME_SIZE,
        "preprocessing": preprocessing,
        "preprocessing_sha256": hash,
    })
}

/// What makes the samples of such a set.
///
/// # Errors
/// When the contract asks for what cannot be made.
pub fn maker(contract: &Contract) -> Result<Box<dyn Maker>, Fault> {
    let maker = PairMaker::new(contract).map_err(Fault::environment)?;
    Ok(Box::new(maker))
}
