//! What a proof says: one line for each check.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to whoever runs it"
)]

use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Map, Value};

/// Prints checks as they are made, and remembers whether all of them held.
pub(crate) struct Report {
    json: bool,
    proof: &'static str,
    since: Instant,
    failed: u32,
}

/// A number that was counted or measured, by its name.
pub(crate) type Figure = (&'static str, Value);

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Report {
            json,
            proof: "",
            since: Instant::now(),
            failed: 0,
        }
    }

    /// The checks that follow are of this proof.
    pub(crate) fn begin(&mut self, proof: &'static str) {
        self.proof = proof;
        self.since = Instant::now();
    }

    /// One check, with the figures by which it is judged.
    pub(crate) fn check<const N: usize>(&mut self, check: &str, ok: bool, figures: [Figure; N]) {
        self.failed += u32::from(!ok);
        let seconds = (self.since.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0;
        let figures = figures.into_iter().chain([("seconds", seconds.into())]);
        if self.json {
            let head = [
                ("proof", self.proof.into()),
                ("check", check.into()),
                ("ok", ok.into()),
            ];
            let line = head.into_iter().chain(figures);
            let line: Map<String, Value> = line.map(|(name, value)| (name.into(), value)).collect();
            println!("{}", Value::Object(line));
            return;
        }
        let verdict = if ok { "ok  " } else { "FAIL" };
        let text = |value: Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let figures = figures.map(|(name, value)| format!("{name} {}", text(value)));
        let figures: Vec<String> = figures.collect();
        println!("{verdict} {}: {check} ({})", self.proof, figures.join(", "));
    }

    pub(crate) fn end(&self) -> ExitCode {
        ExitCode::from(u8::from(self.failed > 0))
    }
}

pub(crate) fn usage(names: impl Iterator<Item = &'static str>) {
    eprintln!("usage: prove [NAME..] [--full] [--json]");
    for name in names {
        eprintln!("  {name}");
    }
}
