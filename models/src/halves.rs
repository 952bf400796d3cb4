//! Towers in 16-bit floats, made of those in 32 when they are loaded: half the memory traffic, and
//! the tensor cores of a card.
//!
//! What weighs (convolutions, full connections, and what lies between them) computes in halves;
//! what is delicate (lengths, quotients, softmax) stays in single precision, with casts between the
//! two. Inputs and outputs stay 32-bit floats. A card does the sums of a convolution in 32 bits.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    NotOnnx,
    graph::{Constant, FLOAT, FLOAT16, Graph, Node, OnnxModel},
};

/// Operators that compute in halves.
const HALVED: [&str; 10] = [
    "Add",
    "Conv",
    "Flatten",
    "Gemm",
    "GlobalMaxPool",
    "Identity",
    "MatMul",
    "MaxPool",
    "Mul",
    "Relu",
];

/// A tower in halves.
pub(crate) fn halve(tower: &[u8]) -> Result<Vec<u8>, NotOnnx> {
    let mut model = OnnxModel::read(tower)?;
    Halving::new(&model.graph).convert(&mut model.graph);
    Ok(model.into_bytes())
}

struct Halving {
    /// Values that are halves: of nodes that are converted, and constants that were stored so.
    halves: BTreeSet<String>,
    /// Constants of single precision, by name.
    singles: BTreeMap<String, Constant>,
    /// What casts have been made already: name of the value and its kind, to the name of the cast.
    casts: BTreeMap<(String, u64), String>,
    nodes: Vec<Node>,
    constants: Vec<Constant>,
}

impl Halving {
    fn new(graph: &Graph) -> Self {
        let of_kind = |kind| {
            graph
                .constants
                .iter()
                .filter(move |constant| constant.kind == kind)
        };
        Self {
            halves: of_kind(FLOAT16)
                .map(|constant| constant.name.clone())
                .collect(),
            singles: of_kind(FLOAT)
                .map(|c| (c.name.clone(), c.clone()))
                .collect(),
            casts: BTreeMap::new(),
            nodes: Vec::new(),
            constants: Vec::new(),
        }
    }

    fn convert(mut self, graph: &mut Graph) {
        let given: BTreeSet<String> = graph.outputs.iter().map(|edge| edge.name.clone()).collect();
        for node in std::mem::take(&mut graph.nodes) {
            self.node(node, &given);
        }
        // Widened weights that all are taken as they were stored.
        let used: BTreeSet<String> = (self.nodes.iter()).flat_map(|n| n.inputs.clone()).collect();
        let is_idle = |name: &String| !used.contains(name) && !given.contains(name);
        (self.nodes).retain(|node| node.operator != "Cast" || !node.outputs.iter().all(is_idle));
        let used: BTreeSet<&String> = self.nodes.iter().flat_map(|node| &node.inputs).collect();
        graph.constants.extend(self.constants);
        graph
            .constants
            .retain(|constant| used.contains(&constant.name));
        graph.nodes = self.nodes;
    }

    fn node(&mut self, mut node: Node, given: &BTreeSet<String>) {
        // A weight that is stored as halves, and widened: what wants halves takes it as it is.
        let is_widened = node.operator == "Cast"
            && node
                .inputs
                .first()
                .is_some_and(|input| self.halves.contains(input));
        if is_widened
            && let (Some(stored), Some(wide)) = (node.inputs.first(), node.outputs.first())
        {
            self.casts.insert((wide.clone(), FLOAT16), stored.clone());
            self.nodes.push(node);
            return;
        }
        let is_halved = HALVED.contains(&node.operator.as_str());
        let kind = if is_halved { FLOAT16 } else { FLOAT };
        for input in &mut node.inputs {
            *input = self.value(input, kind);
        }
        let outputs = node.outputs.clone();
        if is_halved {
            for output in &mut node.outputs {
                if given.contains(output) {
                    *output = format!("{output}.half");
                }
                self.halves.insert(output.clone());
            }
        }
        let named = node.outputs.clone();
        self.nodes.push(node);
        for (output, half) in outputs
            .iter()
            .zip(named)
            .filter(|(output, half)| *output != half)
        {
            self.nodes.push(Node::cast(&half, output, FLOAT));
            self.casts.insert((output.clone(), FLOAT16), half);
        }
    }

    /// The name under which a value is of a kind, with a cast if it needs one.
    fn value(&mut self, name: &str, kind: u64) -> String {
        let is_half = self.halves.contains(name);
        if name.is_empty() || is_half == (kind == FLOAT16) {
            return name.into();
        }
        let key = (name.to_owned(), kind);
        if let Some(cast) = self.casts.get(&key) {
            return cast.clone();
        }
        let cast = format!("{name}.{}", if kind == FLOAT16 { "half" } else { "single" });
        match self.singles.get(name) {
            Some(single) if kind == FLOAT16 => {
                let data = halves_of(&single.data);
                let (name, dims) = (cast.clone(), single.dims.clone());
                self.constants
                    .push(Constant::bytes(&name, kind, &dims, data));
            }
            _ => self.nodes.push(Node::cast(name, &cast, kind)),
        }
        self.casts.insert(key, cast.clone());
        cast
    }
}

/// Little-endian floats as halves.
pub(crate) fn halves_of(data: &[u8]) -> Vec<u8> {
    let (floats, _) = data.as_chunks::<4>();
    let halves = floats.iter().map(|bytes| half(f32::from_le_bytes(*bytes)));
    halves.flat_map(u16::to_le_bytes).collect()
}

/// The nearest half of a float, the even one of two; beyond the largest half, infinity.
fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    if magnitude > 0x7f80_0000 {
        return sign | 0x7e00;
    }
    // 65520 is half-way between the largest half and what would follow it.
    if magnitude >= 0x477f_f000 {
        return sign | 0x7c00;
    }
    // Below 2^-14 halves lie 2^-24 apart: adding 0.5 to a float leaves just these bits.
    if magnitude < 0x3880_0000 {
        let shifted = f32::from_bits(magnitude) + 0.5;
        return sign | (shifted.to_bits() - 0x3f00_0000) as u16;
    }
    let odd = magnitude >> 13 & 1;
    let rounded = magnitude + 0xfff + odd;
    sign | ((rounded - 0x3800_0000) >> 13) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_the_nearest() {
        let known = [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (0.1, 0x2e66),
            (65504.0, 0x7bff),
            (65519.0, 0x7bff),
            (65520.0, 0x7c00),
            (f32::INFINITY, 0x7c00),
            // The smallest, half of it (even is 0), and a little more than half.
            (5.960_464_5e-8, 0x0001),
            (2.980_232_2e-8, 0x0000),
            (2.99e-8, 0x0001),
            (6.103_515_6e-5, 0x0400),
            (6.097_555e-5, 0x03ff),
            // Ties go to the even one: 1 + 2^-11 and 1 + 3 * 2^-11.
            (1.000_488_3, 0x3c00),
            (1.001_464_8, 0x3c02),
        ];
        for (value, expected) in known {
            assert_eq!(half(value), expected, "{value}");
        }
        assert_eq!(half(f32::NAN) & 0x7c00, 0x7c00);
        assert_ne!(half(f32::NAN) & 0x03ff, 0);
    }
}
