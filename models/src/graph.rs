//! The graph of an ONNX file, taken apart and put together again: what changing it needs, and no
//! more. All else is carried over as it stands.

use crate::{
    NotOnnx,
    protobuf::{Field, Message, fields},
};

/// `ModelProto.graph`.
const GRAPH: u64 = 7;

/// `TensorProto.DataType`.
pub(crate) const FLOAT: u64 = 1;
pub(crate) const UINT8: u64 = 2;
pub(crate) const INT8: u64 = 3;
pub(crate) const INT32: u64 = 6;
pub(crate) const FLOAT16: u64 = 10;

/// A model: its graph, and the fields around it.
pub(crate) struct OnnxModel {
    around: Vec<u8>,
    pub graph: Graph,
}

/// `GraphProto`.
#[derive(Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    pub constants: Vec<Constant>,
    /// `ValueInfoProto` of each input.
    pub inputs: Vec<Edge>,
    pub outputs: Vec<Edge>,
    rest: Vec<u8>,
}

/// `NodeProto`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub operator: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    /// Attributes and all else.
    pub rest: Vec<u8>,
}

/// `TensorProto`, of the graph's initializers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constant {
    pub name: String,
    pub kind: u64,
    pub dims: Vec<u64>,
    /// The numbers, little-endian, of kinds that are converted here.
    pub data: Vec<u8>,
    /// As it stood in the file, if it came from one: there are more ways to store numbers.
    pub raw: Vec<u8>,
}

/// An input or an output, as it is declared.
pub(crate) struct Edge {
    pub name: String,
    pub raw: Vec<u8>,
}

impl OnnxModel {
    /// A model without a graph.
    pub(crate) fn empty() -> Self {
        let opset = Message::default().number(2, 17).0;
        let around = Message::default().number(1, 8).bytes(8, &opset).0;
        let graph = Graph {
            rest: Message::default().bytes(2, b"graph").0,
            ..Graph::default()
        };
        Self { around, graph }
    }

    /// Takes a file apart.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, NotOnnx> {
        let mut around = Message::default();
        let mut graph = Graph::default();
        for field in fields(bytes)? {
            match field.number {
                GRAPH => graph = Graph::read(field.bytes())?,
                _ => around = around.raw(field.raw),
            }
        }
        let around = around.0;
        Ok(Self { around, graph })
    }

    /// Puts it together.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        Message(self.around)
            .bytes(GRAPH, &self.graph.into_bytes())
            .0
    }
}

impl Graph {
    fn read(message: &[u8]) -> Result<Self, NotOnnx> {
        let mut graph = Self::default();
        let mut rest = Message::default();
        for field in fields(message)? {
            match field.number {
                1 => graph.nodes.push(Node::read(field.bytes())?),
                5 => graph.constants.push(Constant::read(field.bytes())?),
                11 => graph.inputs.push(Edge::read(field.bytes())?),
                12 => graph.outputs.push(Edge::read(field.bytes())?),
                // What is said of values between nodes may no longer be true.
                13 => {}
                _ => rest = rest.raw(field.raw),
            }
        }
        graph.rest = rest.0;
        Ok(graph)
    }

    fn into_bytes(self) -> Vec<u8> {
        let mut message = Message(self.rest);
        for node in &self.nodes {
            message = message.bytes(1, &node.to_bytes());
        }
        for constant in &self.constants {
            message = message.bytes(5, &constant.to_bytes());
        }
        for input in &self.inputs {
            message = message.bytes(11, &input.raw);
        }
        for output in &self.outputs {
            message = message.bytes(12, &output.raw);
        }
        message.0
    }
}

impl Node {
    pub(crate) fn new(operator: &str, inputs: &[&str], output: &str) -> Self {
        Self {
            operator: operator.into(),
            inputs: inputs.iter().map(|input| (*input).into()).collect(),
            outputs: vec![output.into()],
            rest: Message::default().bytes(3, output.as_bytes()).0,
        }
    }

    /// The same with an attribute that is a whole number.
    pub(crate) fn int(mut self, name: &str, value: u64) -> Self {
        const INT: u64 = 2;
        let attribute = Message::default()
            .bytes(1, name.as_bytes())
            .number(3, value);
        self.rest = Message(self.rest).bytes(5, &attribute.number(20, INT).0).0;
        self
    }

    /// The same with an attribute that is a list of whole numbers.
    pub(crate) fn ints(mut self, name: &str, values: &[u64]) -> Self {
        const INTS: u64 = 7;
        let attribute = Message::default().bytes(1, name.as_bytes());
        let attribute = values
            .iter()
            .fold(attribute, |a, value| a.number(8, *value));
        self.rest = Message(self.rest).bytes(5, &attribute.number(20, INTS).0).0;
        self
    }

    /// A node that makes other numbers of the same.
    pub(crate) fn cast(from: &str, to: &str, kind: u64) -> Self {
        // Its result may have the name that the node had which it follows.
        let mut node = Self::new("Cast", &[from], to);
        node.rest = Message::default()
            .bytes(3, format!("{to}.cast").as_bytes())
            .0;
        node.int("to", kind)
    }

    /// What makes it the node that it is, but its name, its inputs and its outputs: attributes, for
    /// another node to have.
    pub(crate) fn unnamed(&self) -> Result<Vec<u8>, NotOnnx> {
        const NAME: u64 = 3;
        let kept = fields(&self.rest)?.into_iter().filter(|f| f.number != NAME);
        Ok(kept
            .fold(Message::default(), |rest, field| rest.raw(field.raw))
            .0)
    }

    fn read(message: &[u8]) -> Result<Self, NotOnnx> {
        let mut node = Self::default();
        let mut rest = Message::default();
        for field in fields(message)? {
            match field.number {
                1 => node.inputs.push(field.text()),
                2 => node.outputs.push(field.text()),
                4 => node.operator = field.text(),
                _ => rest = rest.raw(field.raw),
            }
        }
        node.rest = rest.0;
        Ok(node)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let texts = |message: Message, field, texts: &[String]| {
            let add = |message: Message, text: &String| message.bytes(field, text.as_bytes());
            texts.iter().fold(message, add)
        };
        let message = texts(Message(self.rest.clone()), 1, &self.inputs);
        let message = texts(message, 2, &self.outputs);
        message.bytes(4, self.operator.as_bytes()).0
    }
}

impl Constant {
    /// Numbers of single precision.
    pub(crate) fn floats(name: &str, dims: &[u64], values: &[f32]) -> Self {
        Self {
            name: name.into(),
            kind: FLOAT,
            dims: dims.into(),
            data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            raw: Vec::new(),
        }
    }

    /// Numbers of another kind, little-endian.
    pub(crate) fn bytes(name: &str, kind: u64, dims: &[u64], data: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            kind,
            dims: dims.into(),
            data,
            raw: Vec::new(),
        }
    }

    /// The numbers of one of single precision.
    pub(crate) fn as_floats(&self) -> Vec<f32> {
        let (floats, _) = self.data.as_chunks::<4>();
        floats.iter().copied().map(f32::from_le_bytes).collect()
    }

    /// The numbers of one of bytes or of 32-bit integers; none of other kinds.
    pub(crate) fn as_integers(&self) -> Result<Vec<i32>, NotOnnx> {
        /// `TensorProto.int32_data`, in which small ones are kept.
        const NUMBERS: u64 = 5;
        let mut integers: Vec<i32> = match self.kind {
            INT8 => self
                .data
                .iter()
                .map(|b| i32::from(b.cast_signed()))
                .collect(),
            UINT8 => self.data.iter().copied().map(i32::from).collect(),
            INT32 => {
                let (numbers, _) = self.data.as_chunks::<4>();
                numbers.iter().copied().map(i32::from_le_bytes).collect()
            }
            _ => return Ok(Vec::new()),
        };
        for field in fields(&self.raw)?.iter().filter(|f| f.number == NUMBERS) {
            // Of a negative number all 64 bits are there, of which the lower ones are it.
            integers.extend(field.numbers()?.iter().map(|number| *number as i32));
        }
        Ok(integers)
    }

    fn read(message: &[u8]) -> Result<Self, NotOnnx> {
        let mut constant = Self {
            raw: message.into(),
            ..Self::default()
        };
        for field in fields(message)? {
            match field.number {
                1 => constant.dims.extend(field.numbers()?),
                2 => constant.kind = field.numbers()?.first().copied().unwrap_or_default(),
                8 => constant.name = field.text(),
                // `float_data` and `raw_data`.
                4 | 9 => constant.data.extend(field.bytes()),
                _ => {}
            }
        }
        Ok(constant)
    }

    fn to_bytes(&self) -> Vec<u8> {
        if !self.raw.is_empty() {
            return self.raw.clone();
        }
        let message = Message::default().bytes(8, self.name.as_bytes());
        let add = |message: Message, dim: &u64| message.number(1, *dim);
        let message = self.dims.iter().fold(message, add);
        message.number(2, self.kind).bytes(9, &self.data).0
    }
}

impl Edge {
    /// A tensor `[n, ...]` with n left open.
    pub(crate) fn new(name: &str, kind: u64, item_shape: &[usize]) -> Self {
        let open = Message::default().bytes(2, b"n").0;
        let dims = item_shape
            .iter()
            .map(|dim| Message::default().number(1, *dim as u64).0);
        let shape = [open].into_iter().chain(dims);
        let shape = shape.fold(Message::default(), |shape, dim| shape.bytes(1, &dim));
        let tensor = Message::default().number(1, kind).bytes(2, &shape.0);
        let kind = Message::default().bytes(1, &tensor.0);
        let raw = Message::default()
            .bytes(1, name.as_bytes())
            .bytes(2, &kind.0)
            .0;
        let name = name.into();
        Self { name, raw }
    }

    fn read(message: &[u8]) -> Result<Self, NotOnnx> {
        let name = fields(message)?
            .iter()
            .find(|field| field.number == 1)
            .map(Field::text);
        Ok(Self {
            name: name.unwrap_or_default(),
            raw: message.into(),
        })
    }
}
