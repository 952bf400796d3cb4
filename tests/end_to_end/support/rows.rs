//! Rows as the program writes them.

use std::{fs, sync::OnceLock};

use serde_json::Value;

use super::repository;

/// Rows of a run, each held to the schema.
#[derive(Clone, Debug)]
pub struct Rows(pub Vec<Value>);

impl Rows {
    /// Reads lines.
    ///
    /// # Panics
    /// When one is not a row as `docs/row.schema.json` has it.
    #[track_caller]
    pub fn parse(lines: &str) -> Self {
        let rows: Vec<Value> = (lines.lines())
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        for row in &rows {
            let errors: Vec<_> = schema().iter_errors(row).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}\n{row:#}");
            // Only a network that looks at the seconds around has nothing to say of a pair, and one
            // that gives embeddings alone.
            let is_pair = ["audio", "video"]
                .iter()
                .all(|m| row[m] != "gap" && row[m] != "absent");
            use super::networks::{EMBEDDINGS, MULTISENSORY};
            let may_be_silent = row["network"] == MULTISENSORY || row["network"] == EMBEDDINGS;
            assert!(
                !is_pair || may_be_silent || row["correspondence"].is_number(),
                "{row:#}"
            );
        }
        Self(rows)
    }

    /// The rows of one source.
    pub fn of(&self, source: &str) -> Self {
        self.filtered("source", source)
    }

    /// The rows of one network.
    pub fn by(&self, network: &str) -> Self {
        self.filtered("network", network)
    }

    fn filtered(&self, key: &str, value: &str) -> Self {
        let rows = self.0.iter().filter(|row| row[key] == value);
        Self(rows.cloned().collect())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The values of one field.
    pub fn field(&self, name: &str) -> Vec<&Value> {
        self.0.iter().map(|row| &row[name]).collect()
    }

    /// The numbers in one field; not a number where there is none.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        let numbers = self.field(name).into_iter().map(Value::as_f64);
        numbers.map(|number| number.unwrap_or(f64::NAN)).collect()
    }

    /// The whole numbers in one field, where there is one.
    pub fn integers(&self, name: &str) -> Vec<Option<i64>> {
        self.field(name).into_iter().map(Value::as_i64).collect()
    }

    /// A field that holds words, such as `audio`, equal neighbours counted: `gap 1, present 5`.
    pub fn runs(&self, name: &str) -> String {
        let mut runs: Vec<(&str, usize)> = Vec::new();
        for value in self.field(name) {
            let word = value.as_str().unwrap_or("null");
            match runs.last_mut() {
                Some((last, count)) if *last == word => *count += 1,
                _ => runs.push((word, 1)),
            }
        }
        let runs = runs.iter().map(|(word, count)| format!("{word} {count}"));
        runs.collect::<Vec<_>>().join(", ")
    }
}

/// The lines of one source.
pub fn lines_of(lines: &str, source: &str) -> Vec<String> {
    let mark = format!("\"source\":\"{source}\",");
    let lines = lines.lines().filter(|line| line.contains(&mark));
    lines.map(str::to_owned).collect()
}

fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = fs::read_to_string(repository().join("docs/row.schema.json")).unwrap();
        jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
    })
}
