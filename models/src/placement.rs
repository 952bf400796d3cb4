//! Where the nodes of a network really ran, as ONNX Runtime's own profile of a run tells.

use std::{
    collections::BTreeMap,
    env, fmt, fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::Provider;

/// How many nodes of a model ran on which provider, and which of them on the processor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// Nodes by ONNX Runtime's name of the provider.
    pub nodes: BTreeMap<String, usize>,
    /// Nodes on the processor, as `Operator name`.
    pub on_cpu: Vec<String>,
}

/// An event of a profile. There are others, without arguments.
#[derive(Deserialize)]
struct Event {
    name: String,
    #[serde(default)]
    cat: String,
    #[serde(default)]
    args: Option<Arguments>,
}

#[derive(Deserialize)]
struct Arguments {
    provider: Option<String>,
    op_name: Option<String>,
}

/// What ends the name of the event of a node's work.
const WORK: &str = "_kernel_time";

impl Placement {
    /// Reads a profile of one or more runs. A node counts once.
    pub(crate) fn from_profile(json: &str) -> Result<Self, serde_json::Error> {
        let events: Vec<Event> = serde_json::from_str(json)?;
        let mut seen = BTreeMap::new();
        for event in events {
            let (Some(node), Some(args)) = (event.name.strip_suffix(WORK), event.args) else {
                continue;
            };
            if event.cat == "Node"
                && let Some(provider) = args.provider
            {
                seen.insert(
                    node.to_owned(),
                    (provider, args.op_name.unwrap_or_default()),
                );
            }
        }
        let mut placement = Self::default();
        for (node, (provider, operator)) in seen {
            if provider == Provider::Cpu.onnx_runtime_name() {
                placement.on_cpu.push(format!("{operator} {node}"));
            }
            *placement.nodes.entry(provider).or_default() += 1;
        }
        Ok(placement)
    }

    /// How many nodes there are.
    pub fn total(&self) -> usize {
        self.nodes.values().sum()
    }

    /// Whether none of them ran where `provider` says.
    pub(crate) fn is_elsewhere(&self, provider: Provider) -> bool {
        provider != Provider::Cpu && self.total() > 0 && self.on_cpu.len() == self.total()
    }
}

/// Says how many nodes ran on the processor, and which.
impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (strays, total) = (self.on_cpu.len(), self.total());
        if strays == 0 {
            return write!(f, "none of {total} nodes ran on the processor");
        }
        let names = self.on_cpu.join(", ");
        write!(f, "{strays} of {total} nodes ran on the processor: {names}")
    }
}

/// A name for a profile of its own, in the system's folder for what is soon gone.
pub(crate) fn profile_prefix() -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("sonoscope-profile-{}-{count}", process::id()))
}

/// Reads a profile that has ended and removes it.
pub(crate) fn take(profile: &Path) -> io::Result<Placement> {
    let json = fs::read_to_string(profile);
    // It may be gone already, and nobody misses it.
    let _ = fs::remove_file(profile);
    Ok(Placement::from_profile(&json?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form of ONNX Runtime 1.31, with what is not read left out.
    const PROFILE: &str = r#"[
        {"cat": "Session", "name": "model_loading_array", "args": {}},
        {"cat": "Node", "name": "conv1_fence_before", "args": {"op_name": "Conv"}},
        {"cat": "Node", "name": "conv1_kernel_time",
         "args": {"op_name": "Conv", "provider": "CUDAExecutionProvider"}},
        {"cat": "Node", "name": "conv1_kernel_time",
         "args": {"op_name": "Conv", "provider": "CUDAExecutionProvider"}},
        {"cat": "Node", "name": "shape_kernel_time",
         "args": {"op_name": "Shape", "provider": "CPUExecutionProvider"}}
    ]"#;

    #[test]
    fn nodes_that_fell_back_are_counted_and_named() {
        let placement = Placement::from_profile(PROFILE).unwrap();
        assert_eq!(placement.nodes["CUDAExecutionProvider"], 1);
        assert_eq!(placement.on_cpu, ["Shape shape"]);
        assert_eq!(
            placement.to_string(),
            "1 of 2 nodes ran on the processor: Shape shape"
        );
        assert!(!placement.is_elsewhere(Provider::Cuda(0)));
    }

    #[test]
    fn a_network_of_which_nothing_ran_on_the_card_is_elsewhere() {
        let profile = PROFILE.replace("CUDAEx", "CPUEx");
        let placement = Placement::from_profile(&profile).unwrap();
        assert!(placement.is_elsewhere(Provider::Cuda(0)));
        assert!(!placement.is_elsewhere(Provider::Cpu));
        assert!(!Placement::default().is_elsewhere(Provider::Cuda(0)));
    }
}
