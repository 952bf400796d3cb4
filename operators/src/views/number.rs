//! Numbers that views can sort and hash.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// A 32-bit number with an order and a hash, as differential collections want them: equal are
/// those of the same bits, and the order is that of [`f32::total_cmp`].
///
/// ```
/// use sonoscope_operators::views::Real;
///
/// assert!(Real::from(0.25) < Real::from(0.5));
/// assert_eq!(Real::from(-0.0), Real::from(0.0));
/// ```
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Real(f32);

impl Real {
    /// The number itself.
    pub fn get(self) -> f32 {
        self.0
    }
}

impl From<f32> for Real {
    fn from(value: f32) -> Self {
        // There is one zero.
        Self(value + 0.0)
    }
}

impl fmt::Debug for Real {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for Real {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Real {}

impl PartialOrd for Real {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Real {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Hash for Real {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// Where a picture or a sound lies in a network's space. Copies share the numbers.
#[derive(Clone, Serialize, Deserialize)]
pub struct Embedding(Arc<[f32]>);

impl Embedding {
    /// Its numbers, as many as the network's contract says.
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

impl From<&[f32]> for Embedding {
    fn from(values: &[f32]) -> Self {
        Self(values.into())
    }
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedding({} numbers)", self.0.len())
    }
}

impl PartialEq for Embedding {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Embedding {}

impl PartialOrd for Embedding {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Embedding {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        self.0.len().cmp(&other.0.len()).then_with(|| {
            let pairs = self.0.iter().zip(&*other.0);
            pairs
                .map(|(ours, theirs)| ours.total_cmp(theirs))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        })
    }
}

impl Hash for Embedding {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|value| value.to_bits().hash(state));
    }
}
