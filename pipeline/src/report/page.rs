//! The report as a page.

use std::fmt::Write as _;

use sonoscope_operators::Picture;

use super::{
    Report,
    data::Data,
    line::{Line, Network},
    totals::{NetworkTotals, Totals, duration, percent},
};
use crate::{
    fault::Fault,
    ledger::Failure,
    page::{data_url, escape, section},
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Letters of a network's hash that are shown.
const HASH_LETTERS: usize = 8;

/// The page, with these pictures of the lines of [`Report::shown`].
///
/// # Errors
/// When the data cannot be written down.
pub fn render(report: &Report, pictures: &[Option<Picture>]) -> Result<String, Fault> {
    let totals = Totals::of(&report.tracks);
    let mut body = format!("<style>{STYLE}</style>");
    body += &header(report, &totals);
    body += &networks(report, &totals);
    body += &statuses(&totals);
    body += &failures(report);
    body += &gallery(report, pictures);
    body += TIMELINES;
    let data = Data::of(&report.tracks)
        .json()
        .map_err(Fault::environment)?;
    // Writing to a string cannot fail.
    let _ = write!(
        body,
        "<script type=\"application/json\" id=\"data\">{data}</script><script>{SCRIPT}</script>"
    );
    Ok(crate::page::page("sonoscope report", &body))
}

/// What a network is called where there may be several of a name.
pub fn label(network: &Network) -> String {
    format!("{} ({})", network.name, network.precision)
}

fn header(report: &Report, totals: &Totals) -> String {
    let mut tiles = String::new();
    let mut tile = |number: &str, of: &str| {
        let _ = write!(
            tiles,
            "<div class=\"tile\"><b>{}</b><span>{}</span></div>",
            escape(number),
            escape(of)
        );
    };
    let sources = if totals.sources == 1 {
        "source"
    } else {
        "sources"
    };
    tile(&totals.sources.to_string(), sources);
    tile(&duration(totals.seconds), "looked at");
    tile(&percent(totals.heard, totals.seconds), "with sound");
    for (network, of) in report.tracks.networks.iter().zip(&totals.networks) {
        let belongs = percent(of.corresponding, of.scored);
        tile(
            &belongs,
            &format!("belongs to the picture: {}", network.name),
        );
    }
    format!(
        "<header><h1>What was heard and seen</h1><p>{}</p></header><div class=\"tiles\">{tiles}</div>",
        escape(&report.inputs.join(", "))
    )
}

fn networks(report: &Report, totals: &Totals) -> String {
    let mut rows = String::new();
    for (network, of) in report.tracks.networks.iter().zip(&totals.networks) {
        rows += &network_row(network, of, totals);
    }
    let table = format!(
        "<div class=\"wide\"><table><tr><th></th><th>ran on</th><th>hash</th>\
         <th>seconds scored</th><th>belong together</th><th>median score</th></tr>{rows}</table></div>"
    );
    section(
        "Networks",
        "Of the seconds in which there is sound to speak of: how many a network could score, and \
         of how many it says that the sound belongs to the picture.",
        &table,
    )
}

fn network_row(network: &Network, of: &NetworkTotals, totals: &Totals) -> String {
    let hash = network.hash.get(..HASH_LETTERS).unwrap_or(&network.hash);
    let median = (of.median).map_or("\u{2013}".to_owned(), |median| format!("{median:.2}"));
    let cells = [
        format!("{} {}", network.provider, network.precision),
        hash.to_owned(),
        format!("{} of {}", of.scored, totals.heard),
        format!(
            "{} ({})",
            of.corresponding,
            percent(of.corresponding, of.scored)
        ),
        median,
    ];
    let cells: String = (cells.iter())
        .map(|cell| format!("<td>{}</td>", escape(cell)))
        .collect();
    format!("<tr><td>{}</td>{cells}</tr>", escape(&network.name))
}

/// How sound and picture fared, as two bars.
fn statuses(totals: &Totals) -> String {
    let mut content = String::new();
    for (name, counts) in [("sound", &totals.audio), ("picture", &totals.video)] {
        let (mut bar, mut key) = (String::new(), String::new());
        for status in ["present", "silent", "frozen", "partial", "gap", "absent"] {
            let Some(count) = counts.get(status) else {
                continue;
            };
            let _ = write!(
                bar,
                "<i class=\"{status}\" style=\"flex-grow:{count}\"></i>"
            );
            let share = percent(*count, totals.seconds);
            let _ = write!(
                key,
                "<span class=\"{status}\">{status} {count} ({share})</span>"
            );
        }
        let _ = write!(
            content,
            "<div class=\"fared\"><b>{name}</b><div><div class=\"bar\">{bar}</div>\
             <div class=\"key\">{key}</div></div></div>"
        );
    }
    section("How sound and picture fared", "In seconds.", &content)
}

/// What failed, with reasons, and what is left; only the state of a job knows.
fn failures(report: &Report) -> String {
    let about = "Sources that were not done to their end.";
    if report.jobs.is_empty() {
        let content = "<p class=\"none\">Rows do not say which sources failed. Where a state was \
             kept, make the report of the state folder.</p>";
        return section("Failures", about, content);
    }
    let mut content = String::new();
    for job in &report.jobs {
        let _ = write!(content, "<p>{}</p>", escape(&job.told()));
        let rows: String = job.failures().iter().map(failure_row).collect();
        content += &match rows.is_empty() {
            true => "<p class=\"none\">None has failed.</p>".to_owned(),
            false => format!("<div class=\"wide\"><table>{rows}</table></div>"),
        };
    }
    section("Failures", about, &content)
}

fn failure_row(failure: &Failure) -> String {
    format!(
        "<tr><td title=\"{}\">{}</td><td class=\"missing\">{}</td><td>{}</td></tr>",
        escape(&failure.path),
        escape(&failure.id),
        escape(&failure.reason),
        escape(&failure.tip)
    )
}

/// The seconds that are shown, network by network.
fn gallery(report: &Report, pictures: &[Option<Picture>]) -> String {
    let mut pictures = pictures.iter();
    let mut content = String::new();
    for (network, chosen) in report.tracks.networks.iter().zip(&report.chosen) {
        for (title, lines) in [
            (
                "Surest that sound and picture belong together",
                chosen.strongest(),
            ),
            ("Heard, but not seen", chosen.doubtful()),
        ] {
            let cards: String = (lines.into_iter())
                .map(|line| card(line, pictures.next().and_then(Option::as_ref)))
                .collect();
            if !cards.is_empty() {
                let _ = write!(
                    content,
                    "<h3>{title} <small>{}</small></h3><div class=\"grid cards\">{cards}</div>",
                    escape(&network.name)
                );
            }
        }
    }
    let about = match report.has_pictures {
        true => {
            "The highest and the lowest scores, from as many sources as there are. The \
             heatmap, where a network gives one, says where the sound comes from; circle: its peak."
        }
        false => {
            "The highest and the lowest scores, from as many sources as there are. There are \
             no pictures here: name the recordings with --media, or the run's --heatmaps folder."
        }
    };
    section("Seconds to look at", about, &content)
}

fn card(line: &Line, picture: Option<&Picture>) -> String {
    let image = picture.and_then(|picture| {
        let url = data_url(picture).ok()?;
        Some(format!(
            "<img alt=\"\" src=\"{url}\">{}",
            peak(line, picture)
        ))
    });
    let image = image.unwrap_or_else(|| "<span class=\"blank\">no picture</span>".to_owned());
    let score = line.correspondence.unwrap_or_default();
    format!(
        "<figure class=\"large\"><button class=\"shot\" data-source=\"{0}\">{image}</button>\
         <figcaption><b>{score:.2}</b> {0}, {1}</figcaption></figure>",
        escape(&line.source),
        clock(line.segment)
    )
}

fn peak(line: &Line, picture: &Picture) -> String {
    let Some(peak) = line.peak else {
        return String::new();
    };
    let (width, height) = (picture.width as f32, picture.height as f32);
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" fill=\"none\" stroke=\"#fff\" stroke-width=\"2\">\
         <circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\"/></svg>",
        peak.x * width,
        peak.y * height
    )
}

/// A second as a player shows it.
fn clock(second: i64) -> String {
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    match h {
        0 => format!("{m}:{s:02}"),
        _ => format!("{h}:{m:02}:{s:02}"),
    }
}

/// What the script fills.
const TIMELINES: &str = "<section id=\"timelines\"><h2>Second by second</h2>\
<p>Bars: the score of each second, green from one half on, where the sound belongs to the picture. \
Below: loudness, then how sound and picture fared. Point at it for the numbers.</p>\
<div class=\"controls\"><input id=\"search\" type=\"search\" placeholder=\"Search sources\" \
aria-label=\"Search sources\"><label>Sort by <select id=\"sort\">\
<option value=\"name\">name</option><option value=\"long\">length, longest first</option>\
<option value=\"doubt\">belonging, least first</option>\
<option value=\"sure\">belonging, most first</option>\
<option value=\"quiet\">silence, most first</option>\
<option value=\"broken\">gaps, most first</option></select></label>\
<label>Network <select id=\"network\"></select></label><span id=\"count\"></span></div>\
<div class=\"key\"><span class=\"good\">belongs to the picture</span>\
<span class=\"two\">does not</span><span class=\"silent\">silent</span>\
<span class=\"frozen\">frozen</span><span class=\"partial\">partial</span>\
<span class=\"gap\">gap</span><span class=\"absent\">absent</span></div>\
<div id=\"list\"></div><div id=\"more\"></div><div id=\"tip\" hidden></div>\
<noscript><p>Timelines are drawn by a script, which is switched off here.</p></noscript></section>";
