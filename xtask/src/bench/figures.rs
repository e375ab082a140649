//! What was measured, and the arithmetic of it.

use serde_json::{Value, json};

use crate::bench::parsed;
use crate::shell::Stop;

/// The item that does the least that has to be done.
const FLOOR: &str = "floor";
/// Ours.
pub(crate) const OURS: &str = "counterseal";

/// The runs of one bench.
pub(crate) struct Record {
    pub(crate) bench: String,
    pub(crate) runs: Vec<Run>,
}

/// One run: its items took turns in each round.
pub(crate) struct Run(pub(crate) Vec<Item>);

pub(crate) struct Item {
    pub(crate) name: String,
    /// Bytes of the message, or for each retained entry; 0 where it says nothing.
    pub(crate) bytes: f64,
    /// Nanoseconds of one operation in each round.
    pub(crate) ns: Vec<f64>,
}

/// How two items of one run compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    /// Of their medians.
    pub(crate) medians: f64,
    /// The quartiles of the ratios of single rounds.
    pub(crate) quartiles: (f64, f64),
}

impl Record {
    pub(crate) fn new(bench: &str) -> Self {
        Record {
            bench: bench.into(),
            runs: Vec::new(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let item = |item: &Item| json!({"item": item.name, "bytes": item.bytes, "ns": item.ns});
        let run = |run: &Run| run.0.iter().map(item).collect::<Vec<_>>();
        json!({"bench": self.bench, "runs": self.runs.iter().map(run).collect::<Vec<_>>()})
    }

    pub(crate) fn parse(bench: &str, text: &str) -> Result<Self, Stop> {
        let value = parsed(text)?;
        let runs = value["runs"].as_array().ok_or_else(incomplete)?;
        let runs = runs.iter().map(|run| {
            let items = run.as_array().ok_or_else(incomplete)?;
            Run::new(items.iter().map(item))
        });
        Ok(Record {
            bench: bench.into(),
            runs: runs.collect::<Result<_, _>>()?,
        })
    }
}

impl Run {
    /// The run whose items stand one on a line, as the programs print them.
    pub(crate) fn parse(lines: &str) -> Result<Self, Stop> {
        Run::new(lines.lines().map(|line| item(&parsed(line)?)))
    }

    fn new(items: impl Iterator<Item = Result<Item, Stop>>) -> Result<Self, Stop> {
        let run = Run(items.collect::<Result<_, _>>()?);
        let rounds = run.find(FLOOR).map_or(0, |floor| floor.ns.len());
        let is_whole = run.0.iter().all(|item| item.ns.len() == rounds);
        if rounds > 0 && is_whole && run.find(OURS).is_some() {
            return Ok(run);
        }
        Err(incomplete())
    }

    fn find(&self, name: &str) -> Option<&Item> {
        self.0.iter().find(|item| item.name == name)
    }

    /// The item of this name: every run has the floor and ours.
    pub(crate) fn item(&self, name: &str) -> &Item {
        self.find(name).expect("bars name items of their bench")
    }

    pub(crate) fn floor(&self) -> &Item {
        self.item(FLOOR)
    }

    pub(crate) fn ours(&self) -> &Item {
        self.item(OURS)
    }
}

impl Item {
    pub(crate) fn median(&self) -> f64 {
        quantile(&self.ns, 0.5)
    }

    /// This item's time over that of `other`.
    pub(crate) fn over(&self, other: &Item) -> Ratio {
        let rounds = self.ns.iter().zip(&other.ns);
        let rounds: Vec<f64> = rounds.map(|(ours, theirs)| ours / theirs).collect();
        Ratio {
            medians: self.median() / other.median(),
            quartiles: (quantile(&rounds, 0.25), quantile(&rounds, 0.75)),
        }
    }
}

/// The value below which this share of the values lies.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an index of a few dozen values"
    )]
    let at = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted[at]
}

fn item(value: &Value) -> Result<Item, Stop> {
    let ns = value["ns"].as_array().ok_or_else(incomplete)?;
    let ns = ns.iter().map(|ns| ns.as_f64().ok_or_else(incomplete));
    Ok(Item {
        name: value["item"].as_str().ok_or_else(incomplete)?.into(),
        bytes: value["bytes"].as_f64().unwrap_or_default(),
        ns: ns.collect::<Result<_, _>>()?,
    })
}

fn incomplete() -> Stop {
    Stop::failed("figures: a run has a floor and ours, and all items have as many rounds")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run of three rounds in which a peer takes twice, four and eight times as long as we do.
    pub(crate) fn run() -> Run {
        let lines = [
            r#"{"item":"floor","bytes":471.0,"ns":[100.0,110.0,100.0]}"#,
            r#"{"item":"counterseal","bytes":471.0,"ns":[200.0,220.0,200.0]}"#,
            r#"{"item":"peer","bytes":0.0,"ns":[400.0,880.0,1600.0]}"#,
        ];
        Run::parse(&lines.join("\n")).unwrap()
    }

    #[test]
    fn a_ratio_is_of_medians_and_its_spread_of_rounds() {
        let run = run();
        let ratio = run.item("peer").over(run.ours());
        let medians = 880.0 / 200.0;
        let quartiles = (4.0, 8.0);
        assert_eq!(ratio, Ratio { medians, quartiles });
        assert_eq!(run.ours().over(run.floor()).quartiles, (2.0, 2.0));
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut record = Record::new("bench");
        record.runs.push(run());
        let again = Record::parse("bench", &record.to_json().to_string()).unwrap();
        assert_eq!(again.to_json(), record.to_json());
    }

    #[test]
    fn a_run_without_a_floor_or_with_missing_rounds_is_refused() {
        let floor = r#"{"item":"floor","ns":[1.0,2.0]}"#;
        let ours = r#"{"item":"counterseal","ns":[1.0]}"#;
        assert!(Run::parse(ours).is_err());
        assert!(Run::parse(&format!("{floor}\n{ours}")).is_err());
        assert!(Run::parse("").is_err());
    }
}
