//! What is asked of a bench.

use crate::bench::figures::{Record, Run};
use crate::bench::table::significant;

/// A bar is met when every one of three runs in a row meets it.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    /// So many times as fast as this peer, at least.
    Faster(&'static str, f64),
    /// So many times the floor, at most.
    OfFloor(f64),
    /// So many nanoseconds more than the floor, at most.
    OverFloor(f64),
    /// So many nanoseconds, at most.
    Under(f64),
}

impl Bar {
    /// What is asked, and what each run gave.
    pub(crate) fn sentence(self, record: &Record) -> String {
        let given = record.runs.iter().map(|run| significant(self.value(run)));
        let given = given.collect::<Vec<_>>().join(", ");
        let is_met = record.runs.iter().all(|run| self.is_met(run));
        let verdict = if is_met { "met" } else { "not met" };
        match self {
            Bar::Faster(peer, times) => {
                format!("at least {times} times as fast as {peer}: {given} ({verdict})")
            }
            Bar::OfFloor(times) => format!("at most {times} times the floor: {given} ({verdict})"),
            Bar::OverFloor(ns) => {
                format!("at most {ns} ns more than the floor: {given} ({verdict})")
            }
            Bar::Under(ns) => format!("at most {ns} ns: {given} ({verdict})"),
        }
    }

    fn value(self, run: &Run) -> f64 {
        match self {
            Bar::Faster(peer, _) => run.item(peer).over(run.ours()).medians,
            Bar::OfFloor(_) => run.ours().over(run.floor()).medians,
            Bar::OverFloor(_) => run.ours().median() - run.floor().median(),
            Bar::Under(_) => run.ours().median(),
        }
    }

    fn is_met(self, run: &Run) -> bool {
        match self {
            Bar::Faster(_, least) => self.value(run) >= least,
            Bar::OfFloor(most) | Bar::OverFloor(most) | Bar::Under(most) => self.value(run) <= most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::tests::run;

    #[test]
    fn a_bar_is_met_by_all_runs_or_not_at_all() {
        let mut record = Record::new("bench");
        record.runs.extend([run(), run()]);
        let faster = |times| Bar::Faster("peer", times).sentence(&record);
        assert_eq!(
            faster(4.0),
            "at least 4 times as fast as peer: 4.40, 4.40 (met)"
        );
        assert!(faster(5.0).ends_with("(not met)"));
        assert!(Bar::OfFloor(2.0).is_met(&run()));
        assert!(!Bar::OfFloor(1.9).is_met(&run()));
        assert!(Bar::OverFloor(100.0).is_met(&run()));
        assert!(!Bar::OverFloor(99.0).is_met(&run()));
    }
}
