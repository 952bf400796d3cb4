//! Reliability and learning curves.

use super::{
    super::{learning::Progress, measure::Measured, metrics::calibration::Bin, report::Report},
    plot::Plot,
};
use crate::page::{escape, section};

/// A reliability curve for each network that was asked.
pub fn calibration(report: &Report) -> String {
    let charts: String = (report.networks.iter())
        .filter_map(|network| {
            let Measured::Is(of) = &network.correspondence else {
                return None;
            };
            let caption = format!("{}, ECE {:.3}", network.label(), of.calibration_error);
            Some(captioned(&reliability(&of.reliability), &caption))
        })
        .collect();
    section(
        "Is a score of 0.8 right in 8 of 10 cases?",
        "Share of pairs that belong together, by their score, of pairs half and half. On the \
         dashed line scores keep their promise. Bars: share of pairs with such a score.",
        &grid(&charts),
    )
}

fn reliability(bins: &[Bin]) -> String {
    let mut plot = Plot::new(
        [0.0, 1.0],
        "score",
        [0.0, 1.0],
        "share that belongs together",
    );
    let total: usize = bins.iter().map(|bin| bin.pairs).sum();
    for bin in bins {
        plot.bar(bin.from, bin.to, bin.pairs as f64 / total.max(1) as f64);
    }
    plot.line("dash", [(0.0, 0.0), (1.0, 1.0)]);
    let points: Vec<_> = (bins.iter())
        .filter_map(|bin| Some((bin.mean_score?, bin.positive_share?, bin.pairs)))
        .collect();
    plot.line("one", points.iter().map(|&(x, y, _)| (x, y)));
    for (x, y, pairs) in points {
        plot.dot(
            x,
            y,
            &format!("{y:.2} at a mean score of {x:.2}; {pairs} pairs"),
        );
    }
    plot.svg()
}

/// A learning curve for each network whose training left a log.
pub fn learning(report: &Report, logs: &[Vec<Progress>]) -> String {
    let charts: String = (report.networks.iter().zip(logs))
        .filter(|(_, log)| log.len() > 1)
        .map(|(network, log)| captioned(&curve(log), &network.label()))
        .collect();
    section(
        "How the networks were learning",
        "Loss by steps of training: blue on the clips trained on, orange on others.",
        &grid(&charts),
    )
}

fn curve(log: &[Progress]) -> String {
    let points = |of: fn(&Progress) -> Option<f64>| -> Vec<(f64, f64)> {
        let point = |line: &Progress| Some((line.step, of(line)?));
        log.iter().filter_map(point).collect()
    };
    let (trained, others) = (
        points(|line| line.loss),
        points(|line| line.validation_loss),
    );
    let both = || trained.iter().chain(&others);
    let highest = both().map(|(_, loss)| *loss).fold(0.0, f64::max);
    let last = both().map(|(step, _)| *step).fold(0.0, f64::max);
    let mut plot = Plot::new([0.0, last], "steps", [0.0, highest * 1.05], "loss");
    plot.line("one", trained);
    plot.line("two", others);
    plot.svg()
}

fn captioned(chart: &str, caption: &str) -> String {
    format!(
        "<figure>{chart}<figcaption>{}</figcaption></figure>",
        escape(caption)
    )
}

fn grid(content: &str) -> String {
    match content.is_empty() {
        true => String::new(),
        false => format!("<div class=\"grid\">{content}</div>"),
    }
}
