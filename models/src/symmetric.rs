//! Towers in int8 as TensorRT takes them, made when they are loaded of those that suit processors.
//!
//! Ours give activations as unsigned bytes with a zero point, biases as 32-bit integers, and let the
//! lower end of a range do a ReLU's work. TensorRT wants signed bytes around zero, biases as floats,
//! and ReLUs where they belong. Ranges become `±max(|low|, |high|)`: the same numbers fit, in 127
//! steps a side in place of 255 in all. Weights are the same to the bit.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    NotOnnx,
    graph::{Constant, Graph, INT8, INT32, Node, OnnxModel, UINT8},
};

/// The largest signed byte: the ends of a range lie here.
const MOST: f32 = 127.0;

/// Operators that give nothing below zero if they are given nothing below zero.
const KEEPS_SIGN: [&str; 5] = [
    "Flatten",
    "GlobalMaxPool",
    "Identity",
    "MaxPool",
    "Transpose",
];

/// Why a tower cannot be made symmetric.
#[derive(Debug)]
pub(crate) enum NotSymmetric {
    NotOnnx(NotOnnx),
    /// A value is quantized in a way that is none of ours.
    Value(String),
}

impl From<NotOnnx> for NotSymmetric {
    fn from(problem: NotOnnx) -> Self {
        Self::NotOnnx(problem)
    }
}

/// A tower with signed bytes around zero. One that has these already, or none, stays what it is.
pub(crate) fn symmetric(tower: &[u8]) -> Result<Vec<u8>, NotSymmetric> {
    let mut model = OnnxModel::read(tower)?;
    Rewriting::new(&model.graph).rewrite(&mut model.graph)?;
    Ok(model.into_bytes())
}

struct Rewriting {
    /// What the graph was given, by name.
    stored: BTreeMap<String, Constant>,
    /// Values that are nowhere below zero.
    positive: BTreeSet<String>,
    nodes: Vec<Node>,
    made: BTreeMap<String, Constant>,
}

impl Rewriting {
    fn new(graph: &Graph) -> Self {
        let constants = graph.constants.iter();
        Self {
            stored: constants.map(|c| (c.name.clone(), c.clone())).collect(),
            positive: BTreeSet::new(),
            nodes: Vec::new(),
            made: BTreeMap::new(),
        }
    }

    fn rewrite(mut self, graph: &mut Graph) -> Result<(), NotSymmetric> {
        for node in std::mem::take(&mut graph.nodes) {
            match node.operator.as_str() {
                "QuantizeLinear" => self.quantize(node)?,
                "DequantizeLinear" => self.dequantize(node)?,
                operator => {
                    let keeps = KEEPS_SIGN.contains(&operator) && self.is_positive(&node.inputs);
                    if operator == "Relu" || keeps {
                        self.positive.extend(node.outputs.clone());
                    }
                    self.nodes.push(node);
                }
            }
        }
        graph.constants.extend(self.made.into_values());
        let used: BTreeSet<&String> = self.nodes.iter().flat_map(|node| &node.inputs).collect();
        graph.constants.retain(|c| used.contains(&c.name));
        graph.nodes = self.nodes;
        Ok(())
    }

    fn is_positive(&self, values: &[String]) -> bool {
        values.iter().all(|value| self.positive.contains(value))
    }

    /// Of an activation. Where its range begins at zero, bytes below it did a ReLU's work.
    fn quantize(&mut self, mut node: Node) -> Result<(), NotSymmetric> {
        if self.around_zero(&mut node)? && !self.is_positive(&node.inputs[..1]) {
            let whole = std::mem::take(&mut node.inputs[0]);
            let positive = format!("{whole}.positive");
            self.nodes.push(Node::new("Relu", &[&whole], &positive));
            self.positive.insert(positive.clone());
            node.inputs[0] = positive;
        }
        if self.is_positive(&node.inputs[..1]) {
            self.positive.extend(node.outputs.clone());
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Of an activation, a weight or a bias.
    fn dequantize(&mut self, mut node: Node) -> Result<(), NotSymmetric> {
        let stored = self.stored.get(&node.inputs[0]);
        match stored.map(|stored| stored.kind) {
            None => {
                self.around_zero(&mut node)?;
                if self.is_positive(&node.inputs[..1]) {
                    self.positive.extend(node.outputs.clone());
                }
                self.nodes.push(node);
            }
            Some(INT32) => {
                let name = node.outputs[0].clone();
                self.widen(&node, name)?;
            }
            Some(INT8) => self.weight(node)?,
            Some(_) => return Err(NotSymmetric::Value(node.inputs[0].clone())),
        }
        Ok(())
    }

    /// Gives a node, of an activation, a scale and a zero point around zero. Says whether the range
    /// began at zero; not of what is symmetric already.
    fn around_zero(&mut self, node: &mut Node) -> Result<bool, NotSymmetric> {
        let odd = || NotSymmetric::Value(node.inputs[0].clone());
        let [_, scale, zero_point] = &node.inputs[..] else {
            return Err(odd());
        };
        let stored = |name| self.stored.get(name).ok_or_else(odd);
        let (step, zero) = (stored(scale)?.as_floats(), stored(zero_point)?);
        let zero_ats = zero.as_integers()?;
        if zero.kind == INT8 && !zero_ats.is_empty() && zero_ats.iter().all(|at| *at == 0) {
            return Ok(false);
        }
        let (UINT8, &[step], &[zero_at]) = (zero.kind, &step[..], &zero_ats[..]) else {
            return Err(odd());
        };
        let steps = zero_at.max(255 - zero_at) as f32;
        let scale = format!("{scale}.symmetric");
        let zero_point = format!("{zero_point}.symmetric");
        let step = Constant::floats(&scale, &[], &[step * steps / MOST]);
        self.made.insert(scale.clone(), step);
        let zero = Constant::bytes(&zero_point, INT8, &[], vec![0]);
        self.made.insert(zero_point.clone(), zero);
        node.inputs.splice(1.., [scale, zero_point]);
        Ok(zero_at == 0)
    }

    /// A weight goes from floats to bytes and back, as TensorRT wants to see it. The floats are
    /// those of the bytes, so that just these come out.
    fn weight(&mut self, node: Node) -> Result<(), NotSymmetric> {
        let single = format!("{}.single", node.inputs[0]);
        let bytes = format!("{}.bytes", node.inputs[0]);
        self.widen(&node, single.clone())?;
        let mut quantize = Node {
            operator: "QuantizeLinear".into(),
            inputs: node.inputs.clone(),
            outputs: vec![bytes.clone()],
            rest: node.unnamed()?,
        };
        quantize.inputs[0] = single;
        let mut dequantize = node;
        dequantize.inputs[0] = bytes;
        self.nodes.extend([quantize, dequantize]);
        Ok(())
    }

    /// Integers times their scales, as a constant of this name. Scales are one, or one for each
    /// first index.
    fn widen(&mut self, node: &Node, name: String) -> Result<(), NotSymmetric> {
        let odd = || NotSymmetric::Value(node.inputs[0].clone());
        let stored = |at: usize| node.inputs.get(at).and_then(|name| self.stored.get(name));
        let (integers, scales) = stored(0).zip(stored(1)).ok_or_else(odd)?;
        if let Some(zero) = stored(2)
            && zero.as_integers()?.iter().any(|zero| *zero != 0)
        {
            return Err(odd());
        }
        let (values, steps) = (integers.as_integers()?, scales.as_floats());
        let first = integers.dims.first().copied().unwrap_or(1) as usize;
        if values.is_empty() || steps.is_empty() || (steps.len() > 1 && steps.len() != first) {
            return Err(odd());
        }
        let each = values.len().div_ceil(steps.len());
        let floats: Vec<f32> = (values.chunks(each).zip(&steps))
            .flat_map(|(values, step)| values.iter().map(move |value| *value as f32 * step))
            .collect();
        let constant = Constant::floats(&name, &integers.dims, &floats);
        self.made.insert(name, constant);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(name: &str, kind: u64, byte: u8) -> Constant {
        Constant::bytes(name, kind, &[], vec![byte])
    }

    /// `y = DQ(Q(x))` with this zero point and a scale of 0.5.
    fn model(zero: u8) -> OnnxModel {
        let mut model = OnnxModel::empty();
        model.graph.constants = vec![
            Constant::floats("scale", &[], &[0.5]),
            scalar("zero", UINT8, zero),
        ];
        model.graph.nodes = vec![
            Node::new("QuantizeLinear", &["x", "scale", "zero"], "q"),
            Node::new("DequantizeLinear", &["q", "scale", "zero"], "y"),
        ];
        model
    }

    fn rewritten(model: OnnxModel) -> Graph {
        let bytes = symmetric(&model.into_bytes()).expect("can be");
        OnnxModel::read(&bytes).expect("is one").graph
    }

    fn scale_of(graph: &Graph) -> f32 {
        let scale = graph.constants.iter().find(|c| c.name == "scale.symmetric");
        scale.expect("is there").as_floats()[0]
    }

    #[test]
    fn a_range_becomes_one_around_zero_that_holds_it() {
        // 114 steps below zero, 141 above.
        let graph = rewritten(model(114));
        let operators: Vec<_> = graph.nodes.iter().map(|n| n.operator.as_str()).collect();
        assert_eq!(operators, ["QuantizeLinear", "DequantizeLinear"]);
        assert!((scale_of(&graph) * 127.0 - 141.0 * 0.5).abs() < 1e-5);
        assert!(graph.nodes.iter().all(|n| n.inputs[2] == "zero.symmetric"));
        assert_eq!(graph.constants.len(), 2, "what nobody uses is gone");
    }

    #[test]
    fn where_a_range_began_at_zero_a_relu_stands() {
        let graph = rewritten(model(0));
        let operators: Vec<_> = graph.nodes.iter().map(|n| n.operator.as_str()).collect();
        assert_eq!(operators, ["Relu", "QuantizeLinear", "DequantizeLinear"]);
        assert!((scale_of(&graph) * 127.0 - 255.0 * 0.5).abs() < 1e-5);
        // Once; a pool of what is nowhere below zero needs none.
        let mut pooled = model(0);
        pooled.graph.nodes.extend([
            Node::new("MaxPool", &["y"], "pooled"),
            Node::new("QuantizeLinear", &["pooled", "scale", "zero"], "again"),
        ]);
        let relus = rewritten(pooled).nodes;
        assert_eq!(relus.iter().filter(|n| n.operator == "Relu").count(), 1);
    }

    #[test]
    fn weights_are_the_same_and_biases_are_floats() {
        let mut model = OnnxModel::empty();
        let bias: Vec<u8> = [-300_i32, 7]
            .into_iter()
            .flat_map(i32::to_le_bytes)
            .collect();
        model.graph.constants = vec![
            Constant::bytes("weight", INT8, &[2, 2], vec![127, 0x81, 3, 0]),
            Constant::bytes("bias", INT32, &[2], bias),
            Constant::floats("scales", &[2], &[0.5, 0.25]),
            Constant::bytes("zeros", INT8, &[2], vec![0, 0]),
        ];
        model.graph.nodes = vec![
            Node::new("DequantizeLinear", &["weight", "scales", "zeros"], "w").int("axis", 0),
            Node::new("DequantizeLinear", &["bias", "scales"], "b").int("axis", 0),
            Node::new("Conv", &["x", "w", "b"], "y"),
        ];
        let graph = rewritten(model);
        let operators: Vec<_> = graph.nodes.iter().map(|n| n.operator.as_str()).collect();
        assert_eq!(operators, ["QuantizeLinear", "DequantizeLinear", "Conv"]);
        let floats = |name: &str| {
            let found = graph.constants.iter().find(|c| c.name == name);
            found.expect(name).as_floats()
        };
        assert_eq!(floats("weight.single"), [63.5, -63.5, 0.75, 0.0]);
        assert_eq!(floats("b"), [-150.0, 1.75]);
    }

    #[test]
    fn what_is_quantized_otherwise_is_told() {
        let mut odd = model(3);
        odd.graph.constants[0] = Constant::floats("scale", &[2], &[0.5, 0.5]);
        let told = symmetric(&odd.into_bytes());
        assert!(matches!(told, Err(NotSymmetric::Value(value)) if value == "x"));
        // What is as it should be, stays.
        let mut already = model(0);
        already.graph.constants[1] = scalar("zero", INT8, 0);
        assert_eq!(rewritten(already).nodes.len(), 2);
    }
}
