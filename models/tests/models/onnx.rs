//! Writes ONNX models: the few messages of its protobuf that a small network needs.

/// Version of the operators that models are written in.
const OPSET: u64 = 13;
const FLOAT: u64 = 1;

/// A graph in the making.
#[derive(Clone, Default)]
pub struct Graph {
    nodes: Vec<Message>,
    inputs: Vec<Message>,
    outputs: Vec<Message>,
    metadata: Vec<Message>,
}

/// An attribute of a node.
pub enum Attribute<'a> {
    Int(u64),
    Ints(&'a [u64]),
    Text(&'a str),
}

impl Graph {
    /// A tensor that goes in; an open dimension is -1.
    pub fn input(self, name: &str, shape: &[i64]) -> Self {
        self.input_of(FLOAT, name, shape)
    }

    /// A tensor of another type that goes in.
    pub fn input_of(mut self, element: u64, name: &str, shape: &[i64]) -> Self {
        self.inputs.push(value_info(element, name, shape));
        self
    }

    /// A tensor that comes out.
    pub fn output(mut self, name: &str, shape: &[i64]) -> Self {
        self.outputs.push(value_info(FLOAT, name, shape));
        self
    }

    /// An operator with its inputs and its output.
    pub fn node(
        mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, Attribute)],
    ) -> Self {
        let mut node = Message::default();
        for input in inputs {
            node = node.text(1, input);
        }
        node = node.text(2, output).text(4, operator);
        for (name, value) in attributes {
            node = node.message(5, &attribute(name, value));
        }
        self.nodes.push(node);
        self
    }

    /// An entry of metadata.
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        let entry = Message::default().text(1, key).text(2, value);
        self.metadata.push(entry);
        self
    }

    /// The model, as a file has it.
    pub fn bytes(&self) -> Vec<u8> {
        let graph = Message::default()
            .messages(1, &self.nodes)
            .text(2, "tiny")
            .messages(11, &self.inputs)
            .messages(12, &self.outputs);
        let opset = Message::default().number(2, OPSET);
        let model = Message::default()
            .number(1, 8)
            .message(7, &graph)
            .message(8, &opset)
            .messages(14, &self.metadata);
        model.0
    }
}

fn value_info(element: u64, name: &str, shape: &[i64]) -> Message {
    let dimension = |size: &i64| match u64::try_from(*size) {
        Ok(size) => Message::default().number(1, size),
        Err(_) => Message::default().text(2, "n"),
    };
    let dimensions: Vec<_> = shape.iter().map(dimension).collect();
    let shape = Message::default().messages(1, &dimensions);
    let tensor = Message::default().number(1, element).message(2, &shape);
    let kind = Message::default().message(1, &tensor);
    Message::default().text(1, name).message(2, &kind)
}

fn attribute(name: &str, value: &Attribute) -> Message {
    let named = Message::default().text(1, name);
    match value {
        Attribute::Int(number) => named.number(3, *number).number(20, 2),
        Attribute::Text(text) => named.text(4, text).number(20, 3),
        Attribute::Ints(numbers) => numbers
            .iter()
            .fold(named, |message, number| message.number(8, *number))
            .number(20, 7),
    }
}

/// A protobuf message in the making.
#[derive(Clone, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, mut value: u64) -> Self {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    fn number(self, field: u64, value: u64) -> Self {
        self.varint(field << 3).varint(value)
    }

    fn payload(self, field: u64, bytes: &[u8]) -> Self {
        let mut message = self.varint(field << 3 | 2).varint(bytes.len() as u64);
        message.0.extend_from_slice(bytes);
        message
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.payload(field, text.as_bytes())
    }

    fn message(self, field: u64, message: &Message) -> Self {
        self.payload(field, &message.0)
    }

    fn messages(self, field: u64, messages: &[Message]) -> Self {
        let add = |all: Message, one| all.message(field, one);
        messages.iter().fold(self, add)
    }
}
