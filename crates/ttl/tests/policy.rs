//! Policies only shorten, name what decided, and meet in what both allow.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use counterseal_core::{Bound, Purpose, Refusal, Span, Time};
use counterseal_ttl::{Ttl, TtlPolicy};
use proptest::prelude::*;

const NOW: Time = Time::from_seconds(1_800_000_000);

/// What this policy has for this purpose.
fn of(policy: &TtlPolicy, purpose: Purpose) -> Ttl {
    match purpose {
        Purpose::Access => policy.access(),
        Purpose::App => policy.app(),
        Purpose::Job => policy.job(Bound::end("oidc.exp", Time::NEVER)),
        Purpose::Provisioner => policy.provisioner(),
        Purpose::ReadOnlyMint => policy.read_only_mint(),
        _ => policy.svid(),
    }
}

#[test]
fn lives_are_those_of_the_requirements() {
    for (purpose, name, seconds) in [
        (Purpose::Access, "access", 1_800),
        (Purpose::App, "app", 1_800),
        (Purpose::Job, "job", 7_200),
        (Purpose::Provisioner, "provisioner", 120),
        (Purpose::ReadOnlyMint, "read_only_mint", 60),
        (Purpose::Svid, "svid", 3_600),
    ] {
        let life = of(&TtlPolicy::new(), purpose).longest(NOW).unwrap();
        assert_eq!(life.span(), Span::from_seconds(seconds), "{name}");
        assert_eq!(life.decided_by(), name);
        assert_eq!(purpose.name(), name);
    }
    assert_eq!(Purpose::ALL.len(), 6);
}

#[test]
fn a_job_ends_with_the_token_that_it_came_with() {
    let end = NOW.plus(Span::from_minutes(5));
    let ttl = TtlPolicy::new().job(Bound::end("oidc.exp", end));
    let life = ttl.clamp(Span::from_minutes(180), NOW).unwrap();
    assert_eq!((life.until(), life.decided_by()), (end, "oidc.exp"));
    let trail: Vec<_> = life.trail().iter().map(|cut| cut.name).collect();
    assert_eq!(trail, ["job", "oidc.exp"]);
    let over = TtlPolicy::new().job(Bound::end("oidc.exp", NOW));
    let refused = over.clamp(Span::from_minutes(5), NOW).unwrap_err();
    assert_eq!(refused.code().name, "lifetime_empty");
}

#[test]
fn a_read_only_token_is_an_access_token_too() {
    let ttls = TtlPolicy::new();
    let ttls = ttls.with(Purpose::Access, Span::from_seconds(20)).unwrap();
    let life = ttls.read_only_mint().longest(NOW).unwrap();
    assert_eq!(
        (life.span(), life.decided_by()),
        (Span::from_seconds(20), "access")
    );
}

#[test]
fn a_policy_that_lengthens_is_none() {
    for purpose in Purpose::ALL {
        let with = |ttl| TtlPolicy::new().with(purpose, ttl);
        assert!(with(purpose.longest()).is_ok() && with(Span::from_seconds(1)).is_ok());
        for ttl in [purpose.longest().millis() + 1, 999, 0, -1, i64::MAX] {
            let refused = with(Span::from_millis(ttl)).unwrap_err();
            assert_eq!(refused.code().name, "ttl_window");
            assert!(refused.to_string().contains(purpose.name()));
        }
    }
}

#[test]
fn more_bounds_than_a_clamp_takes_are_refused() {
    let ttl = (0..8).fold(TtlPolicy::new().access(), |ttl, _| {
        ttl.within(Purpose::Access.bound())
    });
    assert_eq!(
        ttl.longest(NOW).unwrap_err().code().name,
        "lifetime_too_many_bounds"
    );
}

fn policies() -> impl Strategy<Value = TtlPolicy> {
    proptest::collection::vec((0..6_usize, 1..1_000_i64), 0..8).prop_map(|changes| {
        let change = |policy: TtlPolicy, (at, share): (usize, i64)| {
            let purpose = Purpose::ALL[at];
            let ttl = (purpose.longest().millis() * share / 1_000).max(1_000);
            policy.with(purpose, Span::from_millis(ttl)).unwrap()
        };
        changes.into_iter().fold(TtlPolicy::new(), change)
    })
}

proptest! {
    #[test]
    fn policies_meet_in_what_both_allow(a in policies(), b in policies(), c in policies(), asked in 1..10_000_000_i64) {
        prop_assert_eq!(a.meet(&b), b.meet(&a));
        prop_assert_eq!(a.meet(&b).meet(&c), a.meet(&b.meet(&c)));
        prop_assert_eq!(a.meet(&a), a);
        prop_assert_eq!(a.meet(&TtlPolicy::new()), a);
        let asked = Span::from_millis(asked);
        for purpose in Purpose::ALL {
            let life = |policy: &TtlPolicy| of(policy, purpose).clamp(asked, NOW).unwrap().span();
            prop_assert_eq!(life(&a.meet(&b)), life(&a).min(life(&b)));
            prop_assert!(life(&a) <= asked.min(purpose.longest()));
        }
    }

    #[test]
    fn a_bound_never_lengthens(policy in policies(), end in any::<i64>(), asked in any::<i64>(), now in any::<i64>()) {
        let (asked, now) = (Span::from_millis(asked), Time::from_millis(now));
        for purpose in Purpose::ALL {
            let ttl = of(&policy, purpose);
            let bounded = ttl.clone().within(Bound::end("end", Time::from_millis(end)));
            match (ttl.clamp(asked, now), bounded.clamp(asked, now)) {
                (Ok(wide), Ok(narrow)) => {
                    prop_assert!(narrow.span() <= wide.span() && narrow.until() <= Time::from_millis(end));
                }
                (wide, narrow) => prop_assert!(narrow.is_err() || wide.is_ok()),
            }
        }
    }
}
