//! Which files in a folder are recordings.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// What recordings' names end in. Sound without pictures is not among them: there is nothing to
/// compare it with, so it is taken only where it is named itself.
pub const EXTENSIONS: &[&str] = &[
    "3gp", "avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mxf", "ogv", "vob", "webm",
    "wmv", "y4m",
];

/// As much of a file as tells its kind.
const HEAD_BYTES: usize = 1024;

/// Whether a name says that this is a recording. The endings of MPEG transport streams (`ts`,
/// `mts`, `m2ts`) say nothing: they are in use for other things as well.
pub fn is_named_so(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    EXTENSIONS.iter().any(|known| extension == *known)
}

/// Whether a regular file is a recording: by its name, or else by how it begins. One that cannot
/// be looked into is none.
pub fn is_recording(path: &Path) -> bool {
    is_named_so(path) || head(path).is_ok_and(|head| begins_as_recording(&head))
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    File::open(path)?
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)?;
    Ok(head)
}

/// Whether a file that begins so is of a kind that holds pictures and sound.
fn begins_as_recording(head: &[u8]) -> bool {
    let at = |offset: usize, magic: &[u8]| {
        (head.get(offset..)).is_some_and(|rest| rest.starts_with(magic))
    };
    let has = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    let synced = |first: usize, packet: usize| (0..4).all(|i| at(first + i * packet, b"\x47"));
    // MP4 and its kin, but not their pictures and their sound.
    let is_mp4 = at(4, b"ftyp")
        && ![b"M4A ", b"M4B ", b"heic", b"heix", b"mif1", b"avif"]
            .iter()
            .any(|brand| at(8, *brand));
    is_mp4
        || at(4, b"moov")
        || (at(4, b"mdat") && at(0, &[0]))
        || at(0, b"\x1a\x45\xdf\xa3") // Matroska, WebM
        || (at(0, b"RIFF") && at(8, b"AVI "))
        || at(0, b"FLV\x01")
        || at(0, b"\x00\x00\x01\xba") // MPEG-PS
        || synced(0, 188)
        || synced(4, 192) // as cameras and discs write transport streams
        || at(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") // ASF
        || at(0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02") // MXF
        || at(0, b"YUV4MPEG2 ")
        || (at(0, b"OggS") && has(b"\x80theora"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_and_where_they_do_not_the_first_bytes_do() {
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = home.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let mut stream = vec![0u8; 188 * 4];
        (0..4).for_each(|packet| stream[packet * 188] = 0x47);
        let code = b"export const answer = 42;\n";
        for (name, bytes, is) in [
            ("a.MP4", &b""[..], true),
            ("noname", b"\x00\x00\x00\x20ftypisom", true),
            ("song.dat", b"\x00\x00\x00\x20ftypM4A ", false),
            ("clip.bin", b"\x1a\x45\xdf\xa3....", true),
            ("a.ts", &stream, true),
            ("b.ts", code, false),
            ("sound.wav", b"RIFF....WAVE", false),
            ("old", b"RIFF....AVI LIST", true),
            ("empty", b"", false),
            ("note.txt", b"Dear camera,", false),
        ] {
            assert_eq!(is_recording(&file(name, bytes)), is, "{name}");
        }
        assert!(!is_recording(&home.path().join("nowhere")));
    }
}
