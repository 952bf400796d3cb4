//! A few nodes before a frame tower, so that pictures go to a card as bytes and are normalised
//! there: a quarter of the numbers' size crosses the bus, and no thread of ours spends time on it.

use crate::{
    FrameContract, NotOnnx,
    graph::{Constant, Edge, FLOAT, Node, OnnxModel, UINT8},
};

/// The input of a tower with the prologue: `[n, height, width, 3]`, red, green, blue.
pub(crate) const PIXELS: &str = "pixels";

/// The tower's own input.
const FRAME: &str = "frame";

/// A frame tower that takes bytes in place of numbers. What it computes of them is what the
/// contract says: `(byte / 255 - mean) / std`, channels first.
pub(crate) fn prepend(tower: &[u8], contract: &FrameContract) -> Result<Vec<u8>, NotOnnx> {
    let mut model = OnnxModel::read(tower)?;
    let graph = &mut model.graph;
    let constant = |name: &str, values: [f32; 3]| Constant::floats(name, &[3], &values);
    graph.constants.extend([
        constant("prologue.full", [255.0; 3]),
        constant("prologue.mean", contract.mean),
        constant("prologue.std", contract.std),
    ]);
    let nodes = [
        Node::cast(PIXELS, "prologue.floats", FLOAT),
        Node::new(
            "Div",
            &["prologue.floats", "prologue.full"],
            "prologue.share",
        ),
        Node::new(
            "Sub",
            &["prologue.share", "prologue.mean"],
            "prologue.centred",
        ),
        Node::new(
            "Div",
            &["prologue.centred", "prologue.std"],
            "prologue.normal",
        ),
        Node::new("Transpose", &["prologue.normal"], FRAME).ints("perm", &[0, 3, 1, 2]),
    ];
    graph.nodes.splice(0..0, nodes);
    let shape = [contract.height, contract.width, 3];
    graph.inputs.retain(|input| input.name != FRAME);
    graph.inputs.push(Edge::new(PIXELS, UINT8, &shape));
    Ok(model.into_bytes())
}
