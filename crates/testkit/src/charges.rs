//! What every store of rate limits must do; each function makes the stores that it needs and panics when one
//! does otherwise.

use std::collections::HashMap;

use counterseal_core::{
    Charge, Charged, Gcra, Rate, Run, Space, Span, SweepCells, Time, Unavailable,
};

use crate::random::Random;
use crate::{Faulty, NOW, SPACES, race};

/// A store of rate limits that threads share.
pub trait Charges: Run<Charge> + Sync {}

impl<S: Run<Charge> + Sync> Charges for S {}

/// A charge of 1 at `now` on the cell of `owner`, which holds 5 and gets one back each second.
pub fn charge(owner: u64, now: Time) -> Charge {
    Charge {
        space: SPACES[0],
        key: (u128::from(owner) << 64 | u128::from(owner)).to_be_bytes(),
        cost: 1,
        rate: rate(5, 1_000),
        now,
    }
}

/// A burst passes at once, and then one per interval.
pub fn a_burst_passes_and_then_one_per_interval<S: Charges>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for left in (0..5).rev() {
        assert_eq!(store.run(charge(1, NOW)), Ok(Charged::Within { left }));
    }
    for second in 1..10 {
        let (now, retry_at) = (seconds(second), seconds(second));
        let early = now.minus(Span::from_millis(1));
        assert_eq!(store.run(charge(1, early)), Ok(Charged::Over { retry_at }));
        assert_eq!(store.run(charge(1, now)), Ok(Charged::Within { left: 0 }));
    }
}

/// One cell's requests take nothing from another's, nor one limit's from another limit's.
pub fn cells_and_limits_are_apart<S: Charges>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let dear = Charge {
        cost: 5,
        ..charge(1, NOW)
    };
    let spaces = SPACES.iter().map(|space: &Space| Charge {
        space: *space,
        ..dear
    });
    for dear in spaces {
        assert_eq!(store.run(dear), Ok(Charged::Within { left: 0 }));
        assert!(matches!(store.run(dear), Ok(Charged::Over { .. })));
    }
    assert_eq!(store.run(charge(2, NOW)), Ok(Charged::Within { left: 4 }));
}

/// Of 64 that come at once, as many pass as a burst has.
pub fn p07_of_many_racers_a_burst_passes<S: Charges>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for owner in 0..8 {
        let run = |_| store.run(charge(owner, NOW)).expect("a store that answers");
        let passed = race(64, run).into_iter();
        let passed = passed.filter(|answer| matches!(answer, Charged::Within { .. }));
        assert_eq!(passed.count(), 5, "of owner {owner}");
    }
}

/// Every answer is that of the arithmetic, whatever the costs, and wherever the clock goes.
pub fn p07_every_answer_is_the_arithmetics<S: Charges>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let (mut random, mut cells, mut now) = (Random(7), HashMap::<_, Gcra>::new(), NOW);
    for _ in 0..STEPS {
        now = moved(now, &mut random);
        let rates = [rate(5, 1_000), rate(1, 1), rate(1_000, 7), rate(3, 60_000)];
        let which = random.below(4);
        let op = Charge {
            cost: u32::try_from(random.below(7)).expect("a small number"),
            rate: rates[usize::try_from(which).expect("one of four")],
            ..charge(which, now)
        };
        let cell = cells.entry(op.key).or_default();
        let (answer, next) = cell.charge(op.rate, op.cost, op.now);
        *cell = next;
        assert_eq!(store.run(op), Ok(answer), "{op:?}");
    }
}

/// A clock that is set back makes nobody wait for longer than a bucket and a little, and gives nobody more than one.
pub fn p07_a_clock_that_is_set_back_waits_for_a_bucket<S: Charges>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let all = Charge {
        cost: 5,
        ..charge(1, NOW.plus(Span::from_minutes(60)))
    };
    assert_eq!(store.run(all), Ok(Charged::Within { left: 0 }));
    let retry_at = seconds(1);
    assert_eq!(store.run(charge(1, NOW)), Ok(Charged::Over { retry_at }));
    assert_eq!(
        store.run(charge(1, retry_at)),
        Ok(Charged::Within { left: 0 })
    );
}

/// Whoever does not hear an answer was charged once at most.
pub fn a_lost_answer_costs_one_charge_at_most<S: Charges>(make: impl Fn(Time) -> S) {
    let store = Faulty::new(make(NOW), 2);
    for owner in 0..50 {
        let asked = (0..3)
            .filter(|_| store.run(charge(owner, NOW)) != Err(Unavailable))
            .count();
        let rest = (0..9).map(|_| store.inner().run(charge(owner, NOW)));
        let rest = rest
            .filter(|answer| matches!(answer, Ok(Charged::Within { .. })))
            .count();
        assert!(
            (2..=5 - asked).contains(&rest),
            "{asked} were answered, {rest} passed then"
        );
    }
}

/// Cells that are empty leave when they are told to, and that changes no answer.
pub fn empty_cells_leave<S: Charges + Run<SweepCells>>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for owner in 0..10 {
        store
            .run(charge(owner, seconds(owner.cast_signed())))
            .expect("a store that answers");
    }
    let sweep = |before, limit| {
        store.run(SweepCells {
            space: SPACES[0],
            before,
            limit,
        })
    };
    assert_eq!(sweep(seconds(1), 100), Ok(0), "none was empty before that");
    assert_eq!(sweep(seconds(6), 3), Ok(3));
    assert_eq!(sweep(seconds(6), 100), Ok(2));
    assert_eq!(
        store.run(charge(0, seconds(6))),
        Ok(Charged::Within { left: 4 })
    );
    assert_eq!(
        store.run(charge(9, seconds(9))),
        Ok(Charged::Within { left: 3 })
    );
}

/// Mostly a little later, sometimes earlier, and now and then an hour away.
fn moved(now: Time, random: &mut Random) -> Time {
    let by = |random: &mut Random, most| Span::from_millis(random.below(most).cast_signed());
    match random.below(40) {
        0 => now.plus(by(random, 3_600_000)),
        1 => now.minus(by(random, 3_600_000)),
        2..8 => now.minus(by(random, 5_000)),
        _ => now.plus(by(random, 2_000)),
    }
}

fn rate(burst: u32, every_ms: u32) -> Rate {
    Rate::new(burst, every_ms).expect("a rate")
}

fn seconds(seconds: i64) -> Time {
    NOW.plus(Span::from_seconds(seconds))
}

const STEPS: usize = 2_000;
