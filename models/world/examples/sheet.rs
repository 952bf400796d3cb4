//! Writes a contact sheet of a world: one row a class, each picture from another clip, at a moment
//! when its object sounds. `cargo run --release -p sonoscope-world --example sheet sheet.png`

use std::{env, error::Error, fs::File, io::BufWriter};

use sonoscope_world::{Clip, Difficulty, World, class_names};

const COLUMNS: usize = 6;
const SIZE: (u32, u32) = (240, 180);

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let path = args.next().unwrap_or_else(|| "sheet.png".to_owned());
    let difficulty = match args.next().as_deref() {
        Some("hard") => Difficulty::Hard,
        _ => Difficulty::Easy,
    };
    let world = World {
        size: SIZE,
        off_screen_share: 0.0,
        difficulty,
        ..World::default()
    };
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let sheet_width = COLUMNS * width;
    let mut sheet = vec![0; 3 * sheet_width * height * class_names().count()];
    let mut rgb = vec![0; 3 * width * height];
    for (row, class) in class_names().enumerate() {
        for (column, clip) in clips_of(&world, class).take(COLUMNS).enumerate() {
            let second = clip
                .truth()
                .seconds
                .iter()
                .position(|second| !second.silent);
            clip.frame(clip.middle_frame(second.unwrap_or(0) as u32), &mut rgb);
            for (line, pixels) in rgb.chunks_exact(3 * width).enumerate() {
                let start = 3 * ((row * height + line) * sheet_width + column * width);
                sheet[start..start + pixels.len()].copy_from_slice(pixels);
            }
        }
    }
    write_png(&path, sheet_width, &sheet)
}

fn clips_of(world: &World, class: &'static str) -> impl Iterator<Item = Clip> {
    (0..)
        .map(|index| world.clip(index))
        .filter(move |clip| clip.class() == class)
}

fn write_png(path: &str, width: usize, rgb: &[u8]) -> Result<(), Box<dyn Error>> {
    let file = BufWriter::new(File::create(path)?);
    let mut encoder = png::Encoder::new(file, width as u32, (rgb.len() / 3 / width) as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(())
}
