//! What a sink is told of the rows before the first of them comes.

use sonoscope_models::Contract;
use sonoscope_operators::Include;

/// What rows carry, and the networks that they speak for.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// What is written on request.
    pub include: Include,
    /// The networks of the run, in order.
    pub networks: Vec<NetworkForm>,
}

/// A network, as far as the form of its rows depends on it.
#[derive(Clone, Debug)]
pub struct NetworkForm {
    /// Its name in rows.
    pub network: String,
    /// SHA-256 over the hashes of its files, in hexadecimal.
    pub network_hash: String,
    /// Its page, which tells the sizes of heatmaps and embeddings.
    pub contract: Contract,
}

impl Form {
    /// The network of this name and hash.
    pub fn network(&self, network: &str, network_hash: &str) -> Option<&NetworkForm> {
        let is_it = |of: &&NetworkForm| of.network == network && of.network_hash == network_hash;
        self.networks.iter().find(is_it)
    }
}
