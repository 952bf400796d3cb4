//! The report as tables for people at a terminal.

use std::fmt;

use super::{
    super::{
        measure::{
            Measured,
            localisation::Localisation,
            retrieval::{DEPTHS, DIRECTIONS, Modality, Retrieval},
        },
        metrics::{bootstrap::Interval, ndcg::Gain},
    },
    Counts, NetworkReport, Report,
};

/// A table: what it says, its columns, its rows, each with the network's name, and what was not
/// measured.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What its figures are.
    pub title: &'static str,
    /// What they mean, in a sentence or two.
    pub about: String,
    /// Names of the columns, without the first.
    pub columns: Vec<String>,
    /// A name and a figure for each column.
    pub rows: Vec<(String, Vec<String>)>,
    /// A name, and why there are no figures of it.
    pub missing: Vec<(String, String)>,
}

impl Report {
    /// All tables.
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = vec![
            self.correspondence(),
            self.all_pairs(),
            self.alignment(),
            self.pointing(),
            self.overlap(),
        ];
        tables.extend(Gain::ALL.map(|gain| self.retrieval(gain)));
        tables
    }

    /// A table with a row for each network, or why it has none.
    fn table<T>(
        &self,
        columns: &[&str],
        figures: impl Fn(&NetworkReport) -> &Measured<T>,
        row: impl Fn(&T) -> Vec<String>,
    ) -> Table {
        let mut table = Table {
            columns: columns.iter().map(|&column| column.into()).collect(),
            ..Table::default()
        };
        for network in &self.networks {
            let name = network.label();
            match figures(network) {
                Measured::Is(figures) => table.rows.push((name, row(figures))),
                Measured::Not(why) => table.missing.push((name, why.clone())),
            }
        }
        table
    }

    fn correspondence(&self) -> Table {
        let columns = ["accuracy", "true pos.", "true neg.", "AUC", "ECE", "pairs"];
        let table = self.table(
            &columns,
            |network| &network.correspondence,
            |of| {
                let shares = [
                    of.decision.true_positive_rate,
                    of.decision.true_negative_rate,
                ];
                let mut row = vec![percent(of.accuracy)];
                row.extend(shares.map(percent));
                row.push(figure(of.decision.rank_auc));
                row.push(figure(of.calibration_error));
                row.push((of.decision.positives + of.decision.negatives).to_string());
                row
            },
        );
        Table {
            title: "Does the sound belong to the picture?",
            about: "The middle second of each clip, once with its own sound and once with that \
                of another clip, half and half; threshold 0.5, accuracies in %. ECE: how far \
                scores are from the shares that they promise."
                .into(),
            ..table
        }
    }

    fn all_pairs(&self) -> Table {
        let columns = [
            "balanced",
            "true pos.",
            "true neg.",
            "AUC",
            "own sound",
            "95 %",
            "seconds",
            "pairs",
        ];
        let table = self.table(
            &columns,
            |network| &network.all_pairs,
            |of| {
                let d = &of.decision;
                let shares = [
                    d.balanced_accuracy,
                    d.true_positive_rate,
                    d.true_negative_rate,
                ];
                let mut row: Vec<String> = shares.map(percent).into();
                row.extend([figure(d.rank_auc), figure(of.own_sound.value)]);
                row.push(interval(&of.own_sound));
                row.extend([of.seconds, d.positives + d.negatives].map(|n| n.to_string()));
                row
            },
        );
        Table {
            title: "Every picture with every sound of other recordings",
            about: "Own sound: how often a second's own sound fits its picture better than the \
                sounds of other recordings do, each recording counting the same (chance .500), \
                with the interval of 2 000 draws of recordings."
                .into(),
            ..table
        }
    }

    fn alignment(&self) -> Table {
        let columns = ["accuracy", "AUC", "in step higher", "recordings"];
        let table = self.table(
            &columns,
            |network| &network.alignment,
            |of| {
                vec![
                    percent(of.accuracy),
                    figure(of.decision.rank_auc),
                    figure(of.in_step_higher),
                    of.decision.positives.to_string(),
                ]
            },
        );
        Table {
            title: "Does the sound belong to the moment?",
            about: "A picture with its own sound, and with a sound of the same recording at \
                least two seconds away. A network of correspondence hears the kind of thing, not \
                the moment: it is near chance here, as it may be."
                .into(),
            ..table
        }
    }

    fn pointing(&self) -> Table {
        let columns = [
            "pointing",
            "beside silent",
            "on silent",
            "centre",
            "best point",
            "chance",
            "seconds",
        ];
        let row = |of: &Localisation| {
            let of_point = |share: Option<f64>| share.map_or("-".into(), percent);
            let beside = of.pointing_beside_silent.map(|beside| beside.accuracy);
            vec![
                percent(of.pointing.accuracy),
                of_point(beside),
                of_point(of.peak_on_silent),
                percent(of.pointing.centre_guess),
                of_point(of.pointing.best_constant),
                percent(of.pointing.chance),
                of.pointing.seconds.to_string(),
            ]
        };
        Table {
            title: "Does the heatmap's peak lie on what sounds?",
            about: "Share of seconds in %, of all and of those with a silent object in the \
                picture; share of the latter whose peak is on a silent object. Beside it guesses \
                that do not look: the middle, and the best point for all pictures, chosen on one \
                half of the clips and told of the other."
                .into(),
            ..self.table(&columns, |network| &network.localisation, row)
        }
    }

    fn overlap(&self) -> Table {
        let columns = ["IoU", "at 0.5", "AUC", "threshold", "seconds"];
        let mut table = Table {
            title: "Does the heatmap cover what sounds?",
            about: "Intersection over union of the box and of where the heatmap is above a \
                threshold that was chosen on one half of the clips; told of the other half: mean, \
                share of seconds of at least 0.5 in %, area under the curve of that share."
                .into(),
            columns: columns.map(String::from).into(),
            ..Table::default()
        };
        let mut guesses = None;
        for network in &self.networks {
            let overlap = match &network.localisation {
                Measured::Is(of) => (of.overlap.as_ref())
                    .ok_or("boxes are known in clips of one half alone".to_owned()),
                Measured::Not(why) => Err(why.clone()),
            };
            match overlap {
                Ok(overlap) => {
                    let threshold = format!("{:.3}", overlap.threshold);
                    let seconds = overlap.seconds.to_string();
                    let row = success(&overlap.network, [threshold, seconds]);
                    table.rows.push((network.label(), row));
                    guesses = Some(overlap);
                }
                Err(why) => table.missing.push((network.label(), why)),
            }
        }
        if let Some(guesses) = guesses {
            let blank = || ["-".to_owned(), guesses.seconds.to_string()];
            let centre = success(&guesses.centre_guess, blank());
            table.rows.push(("(centre guess)".into(), centre));
            let best = success(&guesses.best_constant, blank());
            table.rows.push(("(best constant box)".into(), best));
        }
        table
    }

    fn retrieval(&self, gain: Gain) -> Table {
        let name = |modality: Modality| match modality {
            Modality::Image => "im",
            Modality::Audio => "au",
        };
        let columns: Vec<String> = (DEPTHS.iter())
            .flat_map(|depth| {
                DIRECTIONS
                    .map(|(query, result)| format!("{}-{}@{depth}", name(query), name(result)))
            })
            .collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let row = |of: &Retrieval| {
            let cell = |depth, (query, result)| of.cell(query, result, depth, gain);
            (DEPTHS.iter())
                .flat_map(|depth| DIRECTIONS.map(|direction| cell(*depth, direction)))
                .map(|ndcg| ndcg.map_or("-".into(), figure))
                .collect()
        };
        let mut table = self.table(&columns, |network| &network.retrieval, row);
        let random = self.networks.iter().find_map(|n| n.retrieval.figure());
        if let Some(of) = random {
            let by_chance = |depth: &usize| {
                let cell = of
                    .random
                    .iter()
                    .find(|c| (c.depth, c.gain) == (*depth, gain));
                vec![cell.map_or("-".into(), |cell| figure(cell.ndcg)); DIRECTIONS.len()]
            };
            let row = DEPTHS.iter().flat_map(by_chance).collect();
            table.rows.push(("(by chance)".into(), row));
        }
        let ontology = self.ontology.as_deref().unwrap_or("none");
        Table {
            title: match gain {
                Gain::Linear => "Is what lies near of a near class? nDCG, gain: relevance",
                Gain::Exponential => {
                    "Is what lies near of a near class? nDCG, gain: 2^relevance - 1"
                }
            },
            about: format!(
                "Query and result, im: picture, au: sound, down to rank 5 and 30; relevance by \
                 the ontology ({ontology}). The ideal order is that of the results retrieved, as \
                 in the reference report."
            ),
            ..table
        }
    }
}

impl NetworkReport {
    /// The network's name, with its precision where it is not the usual one.
    pub fn label(&self) -> String {
        match self.provenance.precision.as_str() {
            "fp32" => self.provenance.network.clone(),
            precision => format!("{} {precision}", self.provenance.network),
        }
    }
}

fn success(of: &super::super::metrics::success::Success, rest: [String; 2]) -> Vec<String> {
    let mut row = vec![
        figure(of.mean_iou),
        percent(of.success),
        figure(of.success_auc),
    ];
    row.extend(rest);
    row
}

/// A figure between 0 and 1.
fn figure(value: f64) -> String {
    format!("{value:.3}")
}

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn interval(interval: &Interval) -> String {
    format!("{:.3} to {:.3}", interval.low, interval.high)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.counts)?;
        for table in self.tables() {
            write!(f, "\n{table}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} recordings, {} seconds with picture and sound; {} of these silent or their source \
             off screen, and left out",
            self.recordings, self.seconds, self.seconds_left_out
        )?;
        if self.left_out > 0 {
            write!(f, "; {} recordings left out of pairs", self.left_out)?;
        }
        if self.failed > 0 {
            write!(f, "; {} failed", self.failed)?;
        }
        match self.with_truth {
            0 => write!(f, "; nothing is known of them"),
            _ => write!(
                f,
                "; {} with truth, {} classes",
                self.with_truth, self.classes
            ),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        let names = self.rows.iter().map(|(name, _)| name.len());
        let missing = self.missing.iter().map(|(name, _)| name.len());
        let first = names.chain(missing).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().map(|(_, cells)| cells[column].len());
            cells.chain([self.columns[column].len()]).max().unwrap_or(0)
        };
        if !self.rows.is_empty() {
            write!(f, "  {:first$}", "")?;
            for (column, name) in self.columns.iter().enumerate() {
                write!(f, "  {name:>0$}", width(column))?;
            }
            writeln!(f)?;
        }
        for (name, cells) in &self.rows {
            write!(f, "  {name:first$}")?;
            for (column, cell) in cells.iter().enumerate() {
                write!(f, "  {cell:>0$}", width(column))?;
            }
            writeln!(f)?;
        }
        for (name, why) in &self.missing {
            writeln!(f, "  {name:first$}  not measured: {why}")?;
        }
        Ok(())
    }
}
