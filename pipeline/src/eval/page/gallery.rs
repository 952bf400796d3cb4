//! Heatmaps over pictures, and what was found when asked with a picture or a sound.

use std::fmt::Write as _;

use sonoscope_operators::{Heatmap, Picture};

use super::{
    super::{
        Outcome,
        evidence::Second,
        measure::retrieval::{DIRECTIONS, Modality},
        metrics::overlap::Box4,
    },
    examples::{Examples, Found, Search, caption},
};
use crate::{
    page::{data_url, escape, pictures::Pictures, section},
    paint::Canvas,
};

/// The heatmaps of every network that has some, over the same pictures.
pub fn heatmaps(outcome: &Outcome, examples: &Examples, pictures: &Pictures) -> String {
    let mut content = String::new();
    for (network, report) in outcome.report.networks.iter().enumerate() {
        let shown: String = (examples.heatmaps.iter())
            .filter_map(|&(clip, place)| {
                let clip_of = &outcome.evidence.clips[clip];
                let second = &clip_of.seconds[place];
                let view = second.view(network)?;
                let picture = pictures.get((clip, second.index))?;
                let shot = painted(picture, view.heatmap.as_ref()?, second)?;
                let caption = format!("{}, score {:.2}", caption(clip_of), view.correspondence);
                Some(figure("large", &shot, &caption))
            })
            .collect();
        if !shown.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(
                content,
                "<h3>{}</h3><div class=\"grid\">{shown}</div>",
                escape(&report.label())
            );
        }
    }
    let about = "The heatmap over the picture, the brighter the likelier. Circle: its peak. Solid \
         box: what sounds; dashed boxes: what does not, as far as that is known. Seconds were \
         chosen by chance.";
    section("Where the sound comes from", about, &content)
}

/// A picture with its heatmap, boxes and peak. Nothing if it cannot be encoded.
fn painted(picture: &Picture, map: &Heatmap, second: &Second) -> Option<String> {
    let mut picture = picture.clone();
    Canvas {
        width: picture.width as usize,
        height: picture.height as usize,
        stride: 3 * picture.width as usize,
        rgb: &mut picture.rgb,
    }
    .heatmap(map);
    let (width, height) = (picture.width as f32, picture.height as f32);
    let rect = |bounds: &Box4, dash: &str| {
        let ([left, top, ..], [across, down]) = (bounds.0, bounds.sides());
        format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"{dash}/>",
            left * width,
            top * height,
            across * width,
            down * height
        )
    };
    let mut marks: String = second
        .sounding
        .iter()
        .map(|bounds| rect(bounds, ""))
        .collect();
    for object in &second.silent_objects {
        marks += &rect(object, " stroke-dasharray=\"4 4\"");
    }
    if let Some(peak) = map.peak() {
        let (x, y) = (peak.x * width, peak.y * height);
        let _ = write!(marks, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>");
    }
    Some(format!(
        "<img alt=\"\" src=\"{}\"><svg viewBox=\"0 0 {width} {height}\" fill=\"none\" \
         stroke=\"#fff\" stroke-width=\"2\">{marks}</svg>",
        data_url(&picture).ok()?
    ))
}

/// The searches of every network that has vectors.
pub fn retrieval(outcome: &Outcome, examples: &Examples, pictures: &Pictures) -> String {
    let mut content = String::new();
    for (report, searches) in outcome.report.networks.iter().zip(&examples.searches) {
        for direction in DIRECTIONS {
            let rows: String = (searches.iter())
                .filter(|search| search.direction == direction)
                .map(|search| row(outcome, search, pictures))
                .collect();
            if !rows.is_empty() {
                let title = format!("{}: {}", report.label(), words(direction));
                let _ = write!(content, "<h3>{}</h3>{rows}", escape(&title));
            }
        }
    }
    let about = "A query, framed, and the four clips that lie nearest to it, framed green where \
         they are of its class. A sound is shown by the picture of its second. Queries were \
         chosen by chance, and are the same in all directions and for all networks.";
    section("What lies near", about, &content)
}

fn words((query, result): (Modality, Modality)) -> String {
    let name = |modality: Modality| match modality {
        Modality::Image => "picture",
        Modality::Audio => "sound",
    };
    format!("asked with a {}, found {}s", name(query), name(result))
}

fn row(outcome: &Outcome, search: &Search, pictures: &Pictures) -> String {
    let clips = &outcome.evidence.clips;
    let shot = |found: &Found, class: &str| {
        let picture = pictures.small((found.clip, found.second));
        let image = picture.and_then(|picture| data_url(&picture).ok());
        let image = image.map_or(String::new(), |url| format!("<img alt=\"\" src=\"{url}\">"));
        figure(class, &image, &caption(&clips[found.clip]))
    };
    let asked = clips[search.query.clip].classes();
    let results: String = (search.results.iter())
        .map(|found| {
            let classes = clips[found.clip].classes();
            let same = classes.iter().any(|class| asked.contains(class));
            shot(found, if same { "same" } else { "other" })
        })
        .collect();
    format!(
        "<div class=\"row\">{}{results}</div>",
        shot(&search.query, "query")
    )
}

fn figure(class: &str, shot: &str, caption: &str) -> String {
    format!(
        "<figure class=\"{class}\"><span class=\"shot\">{shot}</span>\
         <figcaption>{}</figcaption></figure>",
        escape(caption)
    )
}
