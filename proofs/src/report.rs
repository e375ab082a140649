//! What was checked, and what came of it.

use std::process::ExitCode;
use std::time::Instant;

/// Prints checks as they are made and remembers whether one failed.
pub(crate) struct Report {
    json: bool,
    proof: &'static str,
    begun: Instant,
    failed: bool,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Report {
            json,
            proof: "",
            begun: Instant::now(),
            failed: false,
        }
    }

    pub(crate) fn begin(&mut self, proof: &'static str) {
        self.proof = proof;
        self.begun = Instant::now();
    }

    /// One check with its figures.
    pub(crate) fn check(&mut self, check: &str, holds: bool, figures: &[(&str, u64)]) {
        self.failed |= !holds;
        let proof = self.proof;
        let seconds = self.begun.elapsed().as_secs_f64();
        if self.json {
            let figures: Vec<_> = figures
                .iter()
                .map(|(n, v)| format!(",\"{n}\":{v}"))
                .collect();
            let figures = figures.concat();
            println!(
                r#"{{"proof":"{proof}","check":"{check}","ok":{holds}{figures},"seconds":{seconds:.1}}}"#
            );
            return;
        }
        let word = if holds { "ok  " } else { "FAIL" };
        let figures: Vec<_> = figures.iter().map(|(n, v)| format!("{n} {v}")).collect();
        println!(
            "{word} {proof}: {check} ({}; {seconds:.1} s)",
            figures.join(", ")
        );
    }

    pub(crate) fn end(self) -> ExitCode {
        if self.failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}
