//! `/api/networks`: what speaks in the rows.

use std::sync::{Arc, OnceLock};

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, routes::Shared};
use crate::pool::{Building, Member};

/// A network of the run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NetworkCard {
    /// Its name.
    pub network: String,
    /// As the run was told to use it: its name, or its folder.
    pub asked: String,
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
    /// Set when all are loaded.
    building: OnceLock<Building>,
}

impl Networks {
    /// These, of which none is loaded yet.
    pub fn new(cards: Vec<NetworkCard>) -> Self {
        Self(Arc::new(Inner {
            cards,
            building: OnceLock::new(),
        }))
    }

    /// All of them are loaded now, though engines of some may still be building.
    pub fn loaded(&self, building: Building) {
        // Said twice, the first holds.
        let _ = self.0.building.set(building);
    }

    /// Of how many engines are being built, while something else serves them.
    pub fn building(&self) -> usize {
        self.0.building.get().map_or(0, Building::count)
    }

    /// How the run was told to use the network of this name; nothing if it does not.
    pub fn asked(&self, name: &str) -> Option<&str> {
        let is_it = |card: &&NetworkCard| card.network == name || card.asked == name;
        self.0
            .cards
            .iter()
            .find(is_it)
            .map(|card| card.asked.as_str())
    }

    /// Whether all of them are loaded.
    pub fn are_loaded(&self) -> bool {
        self.0.building.get().is_some()
    }
}

impl NetworkCard {
    /// Of the networks that are to run, and how they were asked for, in the same order.
    pub fn all(members: &[Member], asked: &[String]) -> Vec<Self> {
        let both = members.iter().zip(asked);
        both.map(|(member, asked)| Self::of(member, asked))
            .collect()
    }

    fn of(member: &Member, asked: &str) -> Self {
        let contract = member.files.contract();
        let provenance = member.provenance();
        Self {
            network: provenance.network,
            asked: asked.to_owned(),
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
