//! The wire format of protobuf, as far as ONNX files use it: fields read and written one by one.

use crate::NotOnnx;

/// A field of a message.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub number: u64,
    pub value: Value<'a>,
    /// The field with its tag, as it stands in the message.
    pub raw: &'a [u8],
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    /// A whole number.
    Number(u64),
    /// Text, bytes, or a message.
    Bytes(&'a [u8]),
    /// Four or eight bytes, of a fixed length.
    Fixed(&'a [u8]),
}

impl<'a> Field<'a> {
    /// Text, bytes, or a message; nothing of a number.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        match self.value {
            Value::Bytes(bytes) | Value::Fixed(bytes) => bytes,
            Value::Number(_) => &[],
        }
    }

    /// As text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// Whole numbers, of which there may be one, or several packed.
    pub(crate) fn numbers(&self) -> Result<Vec<u64>, NotOnnx> {
        let mut reader = match self.value {
            Value::Number(number) => return Ok(vec![number]),
            Value::Bytes(bytes) | Value::Fixed(bytes) => Reader::new(bytes),
        };
        let mut numbers = Vec::new();
        while reader.at < reader.message.len() {
            numbers.push(reader.varint()?);
        }
        Ok(numbers)
    }
}

/// All fields of a message.
pub(crate) fn fields(message: &[u8]) -> Result<Vec<Field<'_>>, NotOnnx> {
    let mut reader = Reader::new(message);
    let mut fields = Vec::new();
    while let Some(field) = reader.field()? {
        fields.push(field);
    }
    Ok(fields)
}

/// Walks over the fields of one message.
pub(crate) struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { message, at: 0 }
    }

    /// The next field.
    pub(crate) fn field(&mut self) -> Result<Option<Field<'a>>, NotOnnx> {
        if self.at == self.message.len() {
            return Ok(None);
        }
        let start = self.at;
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Fixed(self.take(8)?),
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(usize::try_from(length).unwrap_or(usize::MAX))?)
            }
            5 => Value::Fixed(self.take(4)?),
            _ => return Err(NotOnnx::Malformed { at: start }),
        };
        if tag >> 3 == 0 {
            return Err(NotOnnx::Malformed { at: start });
        }
        Ok(Some(Field {
            number: tag >> 3,
            value,
            raw: &self.message[start..self.at],
        }))
    }

    fn varint(&mut self) -> Result<u64, NotOnnx> {
        let start = self.at;
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(NotOnnx::Malformed { at: start })
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], NotOnnx> {
        let (start, have) = (self.at, self.message.len());
        let end = start.checked_add(bytes).filter(|end| *end <= have);
        self.at = end.ok_or(NotOnnx::Truncated { at: have })?;
        Ok(&self.message[start..self.at])
    }
}

/// A message in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message(pub Vec<u8>);

impl Message {
    /// The same with a whole number more.
    pub(crate) fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    /// The same with text, bytes or a message more.
    pub(crate) fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// The same with a field as it stands in another message.
    pub(crate) fn raw(mut self, raw: &[u8]) -> Self {
        self.0.extend_from_slice(raw);
        self
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let message = Message::default()
            .number(1, 300)
            .bytes(9, b"text")
            .number(2, u64::MAX);
        let copy = (fields(&message.0).unwrap().iter())
            .fold(Message::default(), |copy, field| copy.raw(field.raw));
        assert_eq!(copy.0, message.0);
        let fields = fields(&message.0).unwrap();
        assert_eq!(fields[0].numbers(), Ok(vec![300]));
        assert_eq!((fields[1].number, fields[1].text()), (9, "text".into()));
        assert_eq!(fields[2].numbers(), Ok(vec![u64::MAX]));
    }
}
