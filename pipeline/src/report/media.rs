//! Pictures of the seconds that are shown: from the recordings, if they are still there, or from
//! the folder that `--heatmaps` of the run named.

use std::{
    collections::BTreeSet,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use sonoscope_operators::Picture;

use super::line::Line;
use crate::{
    fault::Fault,
    heatmaps,
    inputs::{Inputs, nothing},
    page::{
        Shrink,
        pictures::{Pictures, Shot, WIDTH},
    },
    paint::Canvas,
    sources::{SourceSpec, Stop, shown},
};

/// Where pictures may be had from.
#[derive(Debug, Default)]
pub struct Media {
    recordings: Vec<SourceSpec>,
    heatmaps: Option<PathBuf>,
}

impl Media {
    /// From recordings or folders of recordings, and from a folder of heatmaps.
    ///
    /// # Errors
    /// When a folder cannot be read or has no recording.
    pub fn of(paths: &[PathBuf], heatmaps: Option<PathBuf>) -> Result<Self, Fault> {
        let names: Vec<_> = paths.iter().map(|path| path.clone().into()).collect();
        let recordings = Inputs::new(&names, None)?.recordings();
        if recordings.is_empty() && !paths.is_empty() {
            let named: Vec<_> = paths.iter().map(|path| shown(path)).collect();
            return Err(nothing(&named.join(", ")));
        }
        Ok(Self {
            recordings,
            heatmaps,
        })
    }

    /// The pictures of the lines, with their heatmaps, each if it can be had.
    ///
    /// # Errors
    /// When the reading is stopped.
    pub fn pictures(&self, lines: &[&Line], stop: &Stop) -> Result<Vec<Option<Picture>>, Fault> {
        let spec_of = |line: &Line| {
            let is_it = |spec: &SourceSpec| spec.id.as_str() == line.source;
            self.recordings.iter().position(is_it)
        };
        let shot_of = |line: &Line| -> Option<Shot> { Some((spec_of(line)?, line.segment)) };
        let wanted: BTreeSet<Shot> = lines.iter().filter_map(|line| shot_of(line)).collect();
        let read = match wanted.is_empty() {
            true => Pictures::default(),
            false => Pictures::fetch(|place| self.recordings[place].clone(), &wanted, stop)?,
        };
        let picture = |line: &&Line| {
            let read = shot_of(line).and_then(|shot| read.get(shot));
            let painted = read.map(|picture| painted(picture.clone(), line));
            painted.or_else(|| self.kept(line)).or_else(|| alone(line))
        };
        Ok(lines.iter().map(picture).collect())
    }

    /// The picture that the run kept of a second.
    fn kept(&self, line: &Line) -> Option<Picture> {
        let folder = self.heatmaps.as_ref()?;
        let path = heatmaps::path_of(folder, &line.source, &line.network.name, line.segment);
        Some(Shrink::new().to(&read_png(&path)?, WIDTH))
    }
}

fn painted(mut picture: Picture, line: &Line) -> Picture {
    if let Some(map) = line.heatmap() {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let mut canvas = Canvas {
            width,
            height,
            stride: 3 * width,
            rgb: &mut picture.rgb,
        };
        canvas.heatmap(&map);
    }
    picture
}

/// The heatmap of a second of which there is no picture.
fn alone(line: &Line) -> Option<Picture> {
    line.heatmap.as_ref()?;
    let (width, height) = (WIDTH, WIDTH * 9 / 16);
    let rgb = vec![24; (width * height * 3) as usize];
    Some(painted(Picture { width, height, rgb }, line))
}

fn read_png(path: &Path) -> Option<Picture> {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path).ok()?))
        .read_info()
        .ok()?;
    let mut rgb = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut rgb).ok()?;
    let is_rgb = frame.color_type == png::ColorType::Rgb && frame.bit_depth == png::BitDepth::Eight;
    is_rgb.then_some(Picture {
        width: frame.width,
        height: frame.height,
        rgb,
    })
}
