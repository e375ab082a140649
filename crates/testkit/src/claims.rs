//! What every store of claims must do; each function makes the stores that it needs and panics when one
//! does otherwise.

use counterseal_core::{Claim, Claimed, Run, Space, Span, Sweep, Time, sha256};
use counterseal_replay::Start;

use crate::{Faulty, NOW, SPACES, WINDOW, race};

pub use crate::model::only_what_a_naive_memory_would_accept_is_accepted;

/// A store of claims that threads share.
pub trait Claims: Run<Claim> + Run<Sweep> + Sync {}

impl<S: Run<Claim> + Run<Sweep> + Sync> Claims for S {}

/// A use of `nonce` by `owner`, born at `born` under a key that is as old as the suite. It is over as soon
/// as the window allows.
pub fn claim(owner: u64, born: Time, nonce: u64) -> Claim {
    let parts = [owner, born.millis().cast_unsigned(), nonce].map(u64::to_be_bytes);
    let key = sha256(&[&parts[0], &parts[1], &parts[2]]);
    Claim {
        space: SPACES[0],
        owner,
        key: *key.first_chunk().expect("32 bytes have 16"),
        since: NOW,
        born,
        until: born.plus(WINDOW.past),
    }
}

/// One key is fresh once, and held from then on.
pub fn a_key_is_fresh_once<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for nonce in 0..100 {
        let claim = claim(1, NOW, nonce);
        expect(&store, &claim, Claimed::Fresh);
        expect(&store, &claim, Claimed::Held);
        expect(&store, &claim, Claimed::Held);
    }
}

/// Of 64 that claim one key at once, one is first.
pub fn h18_of_64_racers_exactly_one_is_first<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for nonce in 0..NONCES {
        let claim = claim(nonce, NOW, nonce);
        let answers = race(RACERS, |_| store.run(claim));
        let first = |answer: &&Result<Claimed, _>| **answer == Ok(Claimed::Fresh);
        let held = |answer: &&Result<Claimed, _>| **answer == Ok(Claimed::Held);
        assert_eq!(answers.iter().filter(first).count(), 1, "one is first");
        assert_eq!(answers.iter().filter(held).count(), RACERS - 1);
    }
}

/// Racers that claim keys of their own are all accepted.
pub fn racers_with_keys_of_their_own_are_all_accepted<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let fresh = |racer: usize| {
        let fresh = |nonce: &u64| is_fresh(&store, &claim(*nonce, NOW, racer as u64));
        (0..NONCES).filter(fresh).count()
    };
    let accepted: usize = race(RACERS, fresh).iter().sum();
    assert_eq!(accepted as u64, RACERS as u64 * NONCES);
}

/// One nonce at two times is two uses.
pub fn h19_a_nonce_at_another_time_is_another_use<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for second in 0..60 {
        let born = NOW.plus(Span::from_seconds(second));
        expect(&store, &claim(1, born, 7), Claimed::Fresh);
    }
}

/// One nonce by two owners is two uses, and so is one key in two spaces.
pub fn h20_owners_and_spaces_are_apart<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for owner in 0..20 {
        expect(&store, &claim(owner, NOW, 7), Claimed::Fresh);
        let other = in_space(SPACES[1], claim(owner, NOW, 7));
        expect(&store, &other, Claimed::Fresh);
        expect(&store, &other, Claimed::Held);
    }
}

/// A replay is refused at every instant at which its time is inside the window, while others come and go
/// and sweeps run.
pub fn h21_a_replay_is_refused_as_long_as_it_is_in_the_window<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let replayed = claim(1, NOW.plus(WINDOW.future), 0);
    let mut now = NOW;
    expect(&store, &replayed, Claimed::Fresh);
    for nonce in 1.. {
        refuses(&store, &replayed);
        for born in [now.minus(WINDOW.past), now, now.plus(WINDOW.future)] {
            expect(&store, &claim(nonce, born, nonce), Claimed::Fresh);
        }
        sweep(&store, now, 1_000);
        refuses(&store, &replayed);
        if now == replayed.until {
            return;
        }
        now = now.plus(Span::from_millis(500));
    }
}

/// What may have been used before the store began is refused, and young keys are served at once.
pub fn h25_a_new_store_refuses_what_it_cannot_know<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let Start { began, floor } = Start::cold(NOW, WINDOW);
    let older = |born: Time, nonce| Claim {
        since: began.minus(Span::from_millis(1)),
        ..claim(1, born, nonce)
    };
    for born in [NOW.minus(WINDOW.past), NOW, floor] {
        expect(&store, &older(born, 1), Claimed::Stale);
        expect(&store, &claim(2, born, 2), Claimed::Fresh);
        expect(&store, &claim(2, born, 2), Claimed::Held);
    }
    // A file that others may have open for a moment asks for 2 s more, from when it is made.
    let above = older(floor.plus(Span::from_seconds(30)), 3);
    expect(&store, &above, Claimed::Fresh);
    expect(&store, &above, Claimed::Held);
}

/// A clock that ran ahead, swept and came back reopens nothing, and shuts nobody out for long.
pub fn what_a_clock_ahead_swept_is_not_taken_again<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let born = |second| NOW.plus(Span::from_seconds(second));
    let used: Vec<Claim> = (-60..=60).map(|s| claim(1, born(s), 0)).collect();
    accepts(&store, &used);
    sweep(&store, NOW.plus(Span::from_minutes(60)), 1_000);
    for claim in &used {
        refuses(&store, claim);
    }
    for second in 61..120 {
        expect(&store, &claim(2, born(second), 0), Claimed::Fresh);
    }
}

/// Clocks of both sides that ran ahead and came back reopen nothing, and what comes after them is served.
pub fn claims_of_clocks_ahead_reopen_nothing<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let (hour, second) = (Span::from_minutes(60), Span::from_seconds(1));
    let used: Vec<Claim> = (0..100).map(|nonce| claim(nonce, NOW, nonce)).collect();
    let ahead = |nonce: i64| NOW.plus(hour).plus(second.times(nonce / 10));
    let ahead: Vec<Claim> = (0..300)
        .map(|n| claim(1_000, ahead(n), n.unsigned_abs()))
        .collect();
    accepts(&store, &used);
    accepts(&store, &ahead);
    for claim in used.iter().chain(&ahead) {
        refuses(&store, claim);
    }
    let after = NOW.plus(hour).plus(Span::from_minutes(5));
    expect(&store, &claim(1, after, 0), Claimed::Fresh);
}

/// A step whose answer was lost is never taken twice.
pub fn a_lost_answer_is_not_a_second_chance<S: Claims>(make: impl Fn(Time) -> S) {
    let store = Faulty::new(make(NOW), 1);
    for nonce in 0..200 {
        let claim = claim(nonce, NOW, nonce);
        let mut fresh = 0;
        for _ in 0..4 {
            fresh += u32::from(store.run(claim) == Ok(Claimed::Fresh));
        }
        fresh += u32::from(is_fresh(store.inner(), &claim));
        assert!(fresh <= 1, "{fresh} times fresh");
        expect(store.inner(), &claim, Claimed::Held);
    }
}

/// A sweep deletes what is over in its space, the oldest first, and no more than it may.
pub fn a_sweep_deletes_what_is_over_up_to_its_limit<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let born = |second| NOW.plus(Span::from_seconds(second));
    let used: Vec<Claim> = (0..10).map(|s| claim(1, born(s), 0)).collect();
    accepts(&store, &used);
    let elsewhere = in_space(SPACES[1], claim(1, NOW, 0));
    expect(&store, &elsewhere, Claimed::Fresh);

    assert_eq!(sweep(&store, used[0].until, 100), 0, "not over yet");
    assert_eq!(sweep(&store, used[6].until, 4), 4);
    assert_eq!(sweep(&store, used[6].until, 100), 2);
    assert_eq!(sweep(&store, used[6].until, 100), 0);
    for claim in &used[6..] {
        expect(&store, claim, Claimed::Held);
    }
    expect(&store, &elsewhere, Claimed::Held);
    for claim in &used[..6] {
        expect(&store, claim, Claimed::Stale);
    }
}

/// A full store refuses and forgets nothing, and has room again when its claims are over.
pub fn h23_a_full_store_forgets_nothing<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let mut used = Vec::new();
    for nonce in 0..BOUND {
        let claim = claim(nonce, NOW, nonce);
        let answer = store.run(claim);
        if answer == Ok(Claimed::Full) {
            break;
        }
        assert_eq!(answer, Ok(Claimed::Fresh), "{claim:?}");
        used.push(claim);
    }
    assert!(used.len() as u64 > 16, "some are honest");
    assert!((used.len() as u64) < BOUND, "a bound of at most {BOUND}");
    for claim in &used {
        expect(&store, claim, Claimed::Held);
    }
    let later = NOW.plus(Span::from_minutes(10));
    expect(&store, &claim(1, later, 0), Claimed::Fresh);
}

/// One owner that claims without end is stopped before there is no room for others.
pub fn h23_one_owner_does_not_use_up_the_room<S: Claims>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let greedy = |nonce: &u64| is_fresh(&store, &claim(1, NOW, *nonce));
    let won = (0..BOUND).take_while(greedy).count() as u64;
    assert!(won > 4, "an honest owner has a share");
    expect(&store, &claim(1, NOW, won), Claimed::OwnerFull);
    for owner in 2..10 {
        expect(&store, &claim(owner, NOW, 0), Claimed::Fresh);
    }
    expect(&store, &claim(1, NOW, 0), Claimed::Held);
}

fn in_space(space: Space, claim: Claim) -> Claim {
    Claim { space, ..claim }
}

fn is_fresh<S: Run<Claim>>(store: &S, claim: &Claim) -> bool {
    store.run(*claim) == Ok(Claimed::Fresh)
}

#[track_caller]
fn accepts<S: Run<Claim>>(store: &S, claims: &[Claim]) {
    for claim in claims {
        expect(store, claim, Claimed::Fresh);
    }
}

#[track_caller]
fn refuses<S: Run<Claim>>(store: &S, claim: &Claim) {
    let answer = store.run(*claim);
    let refused = matches!(answer, Ok(Claimed::Held | Claimed::Stale));
    assert!(refused, "{answer:?} for a replay: {claim:?}");
}

#[track_caller]
fn expect<S: Run<Claim>>(store: &S, claim: &Claim, answer: Claimed) {
    assert_eq!(store.run(*claim), Ok(answer), "{claim:?}");
}

fn sweep<S: Run<Sweep>>(store: &S, before: Time, limit: u32) -> u64 {
    let space = SPACES[0];
    let sweep = Sweep {
        space,
        before,
        limit,
    };
    store.run(sweep).expect("a store that answers")
}

const RACERS: usize = 64;
const NONCES: u64 = 20;

/// More claims than any store of the suite has room for.
const BOUND: u64 = 100_000;
