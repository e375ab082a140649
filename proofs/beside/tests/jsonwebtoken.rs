//! Tokens that our verifier and `jsonwebtoken` look at.

use std::collections::BTreeSet;

use counterseal_beside::{Both, Random, Verdict, now, page, token};

/// The verdicts on so many tokens, each once.
fn verdicts(both: &Both, count: u32) -> BTreeSet<Verdict> {
    let mut random = Random(4);
    let mut verdict = || {
        let now = now();
        both.judge(&token(&random.bytes::<64>(), now.seconds()), now)
    };
    (0..count).map(|_| verdict()).collect()
}

#[test]
fn every_verdict_that_differs_is_explained_by_the_page_and_every_row_of_it_is_shown() {
    let found = verdicts(&Both::default(), 10_000);
    let rows = page("jsonwebtoken").into_iter().map(Verdict::Stricter);
    let expected: BTreeSet<_> = rows.chain([Verdict::Accepted, Verdict::Refused]).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_code_that_is_not_on_the_page_is_found() {
    let found = verdicts(&Both::unexplained(), 500);
    assert!(found.contains(&Verdict::Unexplained("jwt_header".into())));
}

#[test]
fn a_verifier_that_accepts_what_the_other_refuses_is_found() {
    let found = verdicts(&Both::broken(), 4_000);
    let accepted = "accepted, and refused there: ExpiredSignature";
    assert!(found.contains(&Verdict::Unexplained(accepted.into())));
}

#[test]
fn a_token_that_nothing_changed_is_accepted_by_both() {
    let now = now();
    let good = token(&[], now.seconds());
    assert_eq!(Both::default().judge(&good, now), Verdict::Accepted);
}
