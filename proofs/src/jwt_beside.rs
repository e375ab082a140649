//! Tokens that our verifier and another library look at: what differs is explained by `docs/compare.md`, all of which is shown.

use std::collections::BTreeMap;

use counterseal_beside::{Both, Random, Verdict, now, page, token};

use crate::Size;
use crate::report::Report;

pub(crate) fn prove(size: Size, report: &mut Report) {
    let (both, count) = match size {
        Size::Broken => (Both::broken(), 6_000),
        Size::Full => (Both::default(), 5_000_000),
        Size::Smoke => (Both::default(), 50_000),
    };
    let mut random = Random(15);
    let mut found = BTreeMap::new();
    for _ in 0..count {
        let now = now();
        let verdict = both.judge(&token(&random.bytes::<96>(), now.seconds()), now);
        *found.entry(verdict).or_insert(0_u64) += 1;
    }
    let times = |verdict| found.get(&verdict).copied().unwrap_or(0);
    let rows = page("jsonwebtoken");
    let shown: Vec<_> = rows
        .iter()
        .map(|row| times(Verdict::Stricter(row)))
        .collect();
    let unexplained = found
        .keys()
        .filter(|verdict| matches!(verdict, Verdict::Unexplained(_)));
    let unexplained: Vec<_> = unexplained.map(|verdict| format!("{verdict:?}")).collect();
    report.check(
        "what jsonwebtoken says and we do not is explained by docs/compare.md",
        unexplained.is_empty(),
        [
            ("tokens", count.into()),
            ("accepted by both", times(Verdict::Accepted).into()),
            ("refused by both", times(Verdict::Refused).into()),
            ("refused by us alone", shown.iter().sum::<u64>().into()),
            ("unexplained", unexplained.join(", ").into()),
        ],
    );
    report.check(
        "every row of the page is shown",
        shown.iter().all(|times| *times > 0),
        [
            ("rows", rows.len().into()),
            ("least often", shown.iter().min().copied().into()),
        ],
    );
}
