//! The script of claims under a clock of the server that goes wrong, while those of the verifiers are right.
//!
//! It is the script itself on a real server, but for the line that reads the clock; entries are deleted when that clock says that they
//! expired.

use std::collections::HashMap;

use counterseal_core::{Claim, Claimed, Span, Time, Value};
use counterseal_store::{Dialect, Stated};
use counterseal_testkit::claims::claim;
use counterseal_testkit::{NOW, WINDOW};

use crate::server::{Redis, Server};
use crate::{begin, until};

/// A server whose clock is ahead of the true one by `ahead`.
struct Host {
    redis: Redis,
    now: Time,
    ahead: Span,
    /// When each entry expires, by the server's clock.
    entries: HashMap<[u8; 16], Time>,
}

impl Host {
    fn new() -> Self {
        let redis = Redis::new(Server::start());
        begin(&redis, NOW.minus(Span::from_minutes(10)));
        Host {
            redis,
            now: NOW,
            ahead: Span::ZERO,
            entries: HashMap::new(),
        }
    }

    fn clock(&self) -> Time {
        self.now.plus(self.ahead)
    }

    /// Makes the claim as Redis would, by its own clock.
    fn run(&mut self, claim: &Claim) -> Claimed {
        self.expire();
        let mut statement = claim.statement(Dialect::Redis);
        let read = "local time = redis.call('TIME')";
        assert!(statement.text.contains(read));
        let millis = self.clock().millis();
        let time = format!(
            "local time = {{'{}', '{}'}}",
            millis / 1_000,
            millis % 1_000 * 1_000
        );
        statement.text = statement.text.replace(read, &time).into();
        let rows = self.redis.query(&statement).expect("an answer");
        let answer = claim.reply(&rows).expect("an answer");
        if answer == Claimed::Fresh {
            let Some(Value::Int(life)) = statement.values.last() else {
                unreachable!("the last value is the life")
            };
            self.entries
                .insert(claim.key, self.clock().plus(Span::from_millis(*life)));
        }
        answer
    }

    fn expire(&mut self) {
        let clock = self.clock();
        let gone: Vec<_> = self
            .entries
            .extract_if(|_, expires| *expires <= clock)
            .collect();
        for (key, _) in gone {
            let key = u128::from_be_bytes(key);
            self.redis
                .server
                .command(&format!("DEL cs:{{example}}:claim:{key:032x}"));
        }
    }
}

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) % end).cast_signed()
    }
}

#[test]
fn whatever_the_servers_clock_does_nothing_is_fresh_twice_and_honest_claims_are_served_again() {
    let (mut host, mut random) = (Host::new(), Random(11));
    until(|| host.redis.server.info("role") == "master");
    let mut used: Vec<Claim> = Vec::new();
    let (mut honest, mut refused, mut replays, mut jumps) = (0, 0, 0, 0);
    let mut jumped = host.now.minus(Span::from_minutes(60));
    for step in 0..1_500 {
        host.now = host.now.plus(Span::from_millis(random.below(3_000)));
        if random.below(40) == 0 {
            let by = [30, 90, 250, 400, 3_600, 86_400]
                [usize::try_from(random.below(6)).expect("one of six")];
            let by = if random.below(3) == 0 { -by } else { by };
            host.ahead = host.ahead.plus(Span::from_seconds(by));
            (jumped, jumps) = (host.now, jumps + 1);
        }
        let skew = Span::from_millis(random.below(120_001) - 60_000);
        let fresh = claim(1, host.now.plus(skew), step);
        // A claim is refused for a jump of the clock only, and for as long as the newest birth was ahead at most.
        let spared = host.now.since(jumped) <= WINDOW.past.plus(WINDOW.future);
        match host.run(&fresh) {
            Claimed::Fresh => used.push(fresh),
            Claimed::Stale if spared => refused += 1,
            other => panic!("{other:?} for a claim of {skew:?} at step {step}"),
        }
        honest += 1;
        let oldest = host.now.minus(WINDOW.past);
        used.retain(|used| used.born >= oldest);
        let again = used.len().min(6);
        for _ in 0..again {
            let which = usize::try_from(random.below(used.len() as u64)).expect("an index");
            let replay = used[which];
            assert_ne!(host.run(&replay), Claimed::Fresh, "at step {step}");
            replays += 1;
        }
    }
    assert!(
        jumps > 20 && replays > 5_000,
        "{jumps} jumps, {replays} replays"
    );
    assert!(
        refused > 0 && refused * 3 < honest,
        "{refused} of {honest} were refused"
    );
}
