//! `--heatmaps DIR`: a picture for each second of which the sound's place is known.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use sonoscope_operators::{Picture, Provenance, Row};

use crate::{paint::Canvas, pool::Scored};

/// Writes `DIR/SOURCE/NETWORK-SEGMENT.png`; a `/` in a network's name becomes `-`.
///
/// Only where the heatmap may be believed: on silence, or on sound that does not belong to the
/// picture, it means nothing.
#[derive(Clone, Debug)]
pub struct Heatmaps {
    folder: PathBuf,
    complained: bool,
}

impl Heatmaps {
    /// Into this folder, which is made.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn new(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            complained: false,
        })
    }

    /// Writes the pictures of a segment. A picture that cannot be written is told of once; rows
    /// do not wait for it.
    pub fn draw(&mut self, scored: &Scored, networks: &[Arc<Provenance>]) {
        let Some(frame) = &scored.segment.frame else {
            return;
        };
        for (network, score) in networks.iter().zip(&scored.scores) {
            let row = Row::new(&scored.segment, 0, network.clone(), score.clone());
            let map = row.score.as_ref().and_then(|score| score.heatmap.as_ref());
            let Some(map) = map.filter(|_| row.localizable) else {
                continue;
            };
            let source = row.source.as_str();
            let path = path_of(&self.folder, source, &network.network, row.segment);
            let mut picture = Picture::clone(&frame.picture);
            let (width, height) = (picture.width as usize, picture.height as usize);
            let mut canvas = Canvas {
                width,
                height,
                stride: width * 3,
                rgb: &mut picture.rgb,
            };
            canvas.heatmap(map);
            let folder = self.folder.join(source);
            let written = fs::create_dir_all(folder).and_then(|()| write_png(&path, &picture));
            if let Err(error) = written
                && !std::mem::replace(&mut self.complained, true)
            {
                tracing::warn!("cannot write {}: {error}", path.display());
            }
        }
    }
}

/// Where the picture of a second is, as a network sees it.
pub fn path_of(folder: &Path, source: &str, network: &str, segment: i64) -> PathBuf {
    let name = network.replace('/', "-");
    folder.join(source).join(format!("{name}-{segment:06}.png"))
}

/// Writes a picture as a PNG file.
///
/// # Errors
/// When it cannot be written.
pub fn write_png(path: &Path, picture: &Picture) -> io::Result<()> {
    let file = BufWriter::new(File::create(path)?);
    encode_png(file, picture, png::Compression::Fast)
}

/// Writes a picture in the form of PNG.
///
/// # Errors
/// When it cannot be written.
pub fn encode_png(
    to: impl Write,
    picture: &Picture,
    compression: png::Compression,
) -> io::Result<()> {
    let mut encoder = png::Encoder::new(to, picture.width, picture.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(compression);
    let mut writer = encoder.write_header().map_err(io::Error::from)?;
    writer.write_image_data(&picture.rgb)?;
    writer.finish().map_err(io::Error::from)
}
