//! Messages on a socket: a length of four bytes, big-endian, then postcard.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// The longest message that is taken.
const MOST_BYTES: usize = 1 << 20;

/// Writes a message.
///
/// # Errors
/// When the socket takes no more, or the message is too long.
pub fn write(mut socket: impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut frame = postcard::to_extend(message, vec![0; 4]).map_err(io::Error::other)?;
    let length = frame.len() - 4;
    if length > MOST_BYTES {
        return Err(io::Error::other(format!("a message of {length} bytes")));
    }
    frame[..4].copy_from_slice(&(length as u32).to_be_bytes());
    socket.write_all(&frame)
}

/// Reads a message.
///
/// # Errors
/// When the socket gives no more, or what it gives is none.
pub fn read<T: DeserializeOwned>(mut socket: impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    socket.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    let odd = |cause: String| io::Error::new(io::ErrorKind::InvalidData, cause);
    if length > MOST_BYTES {
        return Err(odd(format!("a message of {length} bytes")));
    }
    let mut frame = vec![0; length];
    socket.read_exact(&mut frame)?;
    postcard::from_bytes(&frame).map_err(|error| odd(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_noise_is_refused() {
        let mut wire = Vec::new();
        write(&mut wire, &("words".to_owned(), 7u32)).unwrap();
        let (words, number): (String, u32) = read(&wire[..]).unwrap();
        assert_eq!((words.as_str(), number), ("words", 7));
        assert!(read::<(String, u32)>(&wire[..wire.len() - 1]).is_err());
        assert!(read::<String>(&b"GET / HTTP/1.1\r\n"[..]).is_err());
        assert!(write(Vec::new(), &"x".repeat(MOST_BYTES + 1)).is_err());
    }
}
