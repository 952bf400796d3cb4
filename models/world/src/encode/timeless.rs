//! Takes the time of writing out of an MP4 file, so that equal clips give equal bytes.

use std::{fs, ops::Range, path::Path};

use crate::Error;

/// Boxes that hold others on the way to those with times in them.
const CONTAINERS: [&[u8]; 3] = [b"moov", b"trak", b"mdia"];

/// Boxes that begin with version, flags, time of creation and time of change.
const TIMED: [&[u8]; 3] = [b"mvhd", b"tkhd", b"mdhd"];

/// Sets all times of creation and change in a file to zero.
pub(super) fn forget_times(path: &Path) -> Result<(), Error> {
    let mut bytes = fs::read(path).map_err(Error::io("reading", path))?;
    let whole = 0..bytes.len();
    clear_times(&mut bytes, whole).map_err(|reason| Error::Container {
        path: path.to_owned(),
        reason,
    })?;
    fs::write(path, bytes).map_err(Error::io("writing", path))
}

fn clear_times(bytes: &mut [u8], span: Range<usize>) -> Result<(), &'static str> {
    let mut start = span.start;
    while start < span.end {
        let header = bytes.get(start..start + 8).ok_or("a box is cut off")?;
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let kind = header[4..8].to_vec();
        if size < 8 || size > span.end - start {
            return Err("a box is larger than what holds it, or over 4 GiB");
        }
        let content = start + 8..start + size;
        if CONTAINERS.contains(&kind.as_slice()) {
            clear_times(bytes, content)?;
        } else if TIMED.contains(&kind.as_slice()) {
            let content = &mut bytes[content];
            let wide = *content.first().ok_or("a header box is empty")? == 1;
            let times = content.get_mut(4..if wide { 20 } else { 12 });
            times.ok_or("a header box is cut off")?.fill(0);
        }
        start += size;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = content.len() as u32 + 8;
        [&size.to_be_bytes()[..], kind, content].concat()
    }

    #[test]
    fn clears_times_and_nothing_else() {
        let narrow = |times: u8| [[0; 4], [times; 4], [times; 4], [7; 4]].concat();
        let wide = |times: u8| [&[1, 0, 0, 0][..], &[times; 16], &[7; 4]].concat();
        let file = |times: u8| {
            let track = [
                boxed(b"tkhd", &narrow(times)),
                boxed(b"mdia", &boxed(b"mdhd", &wide(times))),
            ];
            let movie = [
                boxed(b"mvhd", &narrow(times)),
                boxed(b"trak", &track.concat()),
            ];
            [boxed(b"moov", &movie.concat()), boxed(b"mdat", &narrow(9))].concat()
        };
        let mut bytes = file(5);
        let whole = 0..bytes.len();
        clear_times(&mut bytes, whole).unwrap();
        assert_eq!(bytes, file(0));
    }

    #[test]
    fn refuses_a_box_that_is_cut_off() {
        let mut bytes = boxed(b"moov", &boxed(b"mvhd", &[0; 16]));
        bytes.truncate(20);
        let whole = 0..bytes.len();
        assert!(clear_times(&mut bytes, whole).is_err());
    }
}
