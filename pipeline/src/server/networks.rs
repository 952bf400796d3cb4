//! `/api/networks`: what speaks in the rows.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, routes::Shared};
use crate::pool::Member;

/// A network of the run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NetworkCard {
    /// Its name.
    pub network: String,
    /// SHA-256 over the hashes of its files.
    pub network_hash: String,
    /// What it runs on.
    pub provider: String,
    /// In which numbers.
    pub precision: String,
    /// What it wants and gives.
    pub contract: ContractSummary,
}

/// The parts of a network's contract that people ask for. `sonoscope inspect` shows all of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContractSummary {
    /// Version of the contract.
    pub version: String,
    /// Which of the reference designs it is.
    pub family: String,
    /// Columns and rows of the picture that it looks at.
    pub picture: [usize; 2],
    /// Samples a second of the sound that it hears.
    pub rate_hz: u32,
    /// Whether it says how well sound and picture belong together.
    pub compares: bool,
    /// Rows and columns of its heatmap, if it has one.
    pub heatmap: Option<[usize; 2]>,
    /// Length of its embeddings, if they may be kept and compared.
    pub embedding: Option<usize>,
    /// What it was trained on.
    pub trained_on: String,
    /// Licence of its weights.
    pub license: String,
}

/// The networks of a run, and whether they are loaded. Clones share it.
#[derive(Clone, Debug)]
pub struct Networks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cards: Vec<NetworkCard>,
    are_loaded: AtomicBool,
}

impl Networks {
    /// These, of which none is loaded yet.
    pub fn new(cards: Vec<NetworkCard>) -> Self {
        Self(Arc::new(Inner {
            cards,
            are_loaded: AtomicBool::new(false),
        }))
    }

    /// All of them are loaded now.
    pub fn loaded(&self) {
        self.0.are_loaded.store(true, Ordering::Relaxed);
    }

    /// Whether all of them are loaded.
    pub fn are_loaded(&self) -> bool {
        self.0.are_loaded.load(Ordering::Relaxed)
    }
}

impl NetworkCard {
    /// Of a network that is to run.
    pub fn of(member: &Member) -> Self {
        let contract = member.files.contract();
        let provenance = member.provenance();
        Self {
            network: provenance.network,
            network_hash: provenance.network_hash,
            provider: provenance.provider,
            precision: provenance.precision,
            contract: ContractSummary {
                version: contract.version.clone(),
                family: contract.family.to_string(),
                picture: [contract.frame.width, contract.frame.height],
                rate_hz: contract.audio.rate_hz,
                compares: contract.outputs.compares(),
                heatmap: contract.outputs.heatmap,
                embedding: contract.outputs.embedding,
                trained_on: contract.provenance.trained_on.clone(),
                license: contract.provenance.license.clone(),
            },
        }
    }
}

/// The networks of the run.
#[utoipa::path(get, path = "/api/networks", tag = "networks", responses(
    (status = 200, description = "In the order of the run", body = [NetworkCard]),
    (status = 401, description = "No token, or not the right one", body = Problem),
))]
pub async fn list(State(shared): State<Shared>) -> Json<Vec<NetworkCard>> {
    Json(shared.deps.networks.0.cards.clone())
}
