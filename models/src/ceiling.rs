//! What a provider can do at its best: products of large matrices of 16-bit floats.

use std::time::Instant;

use ort::value::TensorRef;

use crate::{
    Provider, Runtime, Setting,
    graph::{Constant, Edge, FLOAT, FLOAT16, Node, OnnxModel},
    halves::halves_of,
};

/// Runs of which the fastest counts.
const RUNS: usize = 5;

/// Operations a second of products of square matrices of 16-bit floats: `products` in a row, of
/// this side. What a network does of it is its share of what can be had.
///
/// # Errors
/// When the provider cannot run it, as for want of memory.
pub fn matmul_flops(
    runtime: &Runtime,
    provider: Provider,
    side: usize,
    products: usize,
) -> ort::Result<f64> {
    let model = chain(side, products);
    let mut session = (runtime.session(&Setting::new(provider))?).commit_from_memory(&model)?;
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        let x = TensorRef::from_array_view(([1_usize, 1], &[0.5_f32][..]))?;
        let begun = Instant::now();
        session.run(ort::inputs!["x" => x])?;
        fastest = fastest.min(begun.elapsed().as_secs_f64());
    }
    let operations = 2.0 * (side as f64).powi(3) * products as f64;
    Ok(operations / fastest)
}

/// A model that adds its input to a matrix, multiplies it so many times by another, and gives the
/// largest number of what comes out. The input is there so that nothing is computed ahead.
fn chain(side: usize, products: usize) -> Vec<u8> {
    // Small enough that no product overflows.
    let scale = 1.0 / side as f32;
    let values: Vec<u8> = (0..side * side)
        .flat_map(|i| (scale * ((i * 31 % 7) as f32 - 3.0)).to_le_bytes())
        .collect();
    let matrix = |name| Constant::bytes(name, FLOAT16, &[side as u64; 2], halves_of(&values));
    let mut model = OnnxModel::empty();
    let graph = &mut model.graph;
    graph.constants = vec![matrix("a"), matrix("b")];
    graph.inputs = vec![Edge::new("x", FLOAT, &[1])];
    graph.outputs = vec![Edge::new("y", FLOAT, &[1])];
    graph.nodes = vec![
        Node::cast("x", "x.half", FLOAT16),
        Node::new("Add", &["a", "x.half"], "product.0"),
    ];
    for product in 1..=products {
        let before = format!("product.{}", product - 1);
        let node = Node::new("MatMul", &[&before, "b"], &format!("product.{product}"));
        graph.nodes.push(node);
    }
    let last = format!("product.{products}");
    graph.nodes.push(Node::cast(&last, "wide", FLOAT));
    graph
        .nodes
        .push(Node::new("ReduceMax", &["wide"], "y").int("keepdims", 1));
    model.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_multiplies_matrices_too() {
        let runtime = Runtime::load().expect("`make setup` was run");
        let flops = matmul_flops(&runtime, Provider::Cpu, 64, 2).unwrap();
        assert!(flops.is_finite() && flops > 0.0, "{flops}");
    }
}
