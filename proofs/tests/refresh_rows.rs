//! Rows of the catalogue about sessions that only stores can show.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use counterseal_core::{Pending, Refusal, Run, Span, Step, Time};
use counterseal_refresh::{Confirmation, How, RefreshPolicy};
use counterseal_testkit::race;

#[path = "../src/databases.rs"]
#[allow(dead_code)]
mod databases;
#[path = "../src/issuer.rs"]
#[allow(dead_code)]
mod issuer;
#[path = "../src/uses.rs"]
#[allow(dead_code)]
mod uses;

use databases::{Address, Database};
use issuer::{BEGINNING, Issuer, text};

#[test]
fn r06_a_host_that_dies_between_two_steps_leaves_one_session() {
    for make in Database::ALL {
        let database = make();
        let host = Issuer::new(policy(), database.open());
        for steps in 0..3 {
            let (_, first) = host.begin(steps, BEGINNING);
            dies_after(steps, &host, &first);
            // Its client goes on with what it has, and there is one successor, whoever asks.
            let [one, other] = [1, 2].map(|salt| host.refresh(&first, at(70), salt).unwrap());
            let [one, other] = [one, other].map(|answer| text(answer.token().unwrap()));
            assert_eq!(one, other, "{} steps, {}", steps, database.name());
            let next = host.refresh(&one, at(200), 3).unwrap();
            assert_eq!(next.how(), How::Rotated);
            let error = host.refresh(&first, at(201), 4).err().unwrap();
            assert_eq!(error.code().name, "refresh_replayed");
        }
    }
}

/// A request that takes so many of its steps, or all that it has.
fn dies_after(steps: u64, host: &Issuer, token: &str) {
    let mut step = host.ask(token, at(65), 9).unwrap();
    for _ in 0..steps {
        let Step::Need(pending) = step else {
            return;
        };
        let reply = host.run(pending.op());
        step = pending.finish(reply);
    }
}

#[test]
fn r16_of_two_connections_one_rotates_at_every_isolation() {
    let database = Database::postgres();
    let address = database.address().unwrap();
    let levels = ["serializable", "repeatable\\ read"].map(|level| address.isolated(level));
    let levels = [address].into_iter().chain(levels.into_iter().flatten());
    for (number, level) in levels.enumerate() {
        for family in 0..20 {
            of_two_one_rotates(&level, number as u64 * 100 + family);
        }
    }
}

fn of_two_one_rotates(address: &Address, number: u64) {
    let hosts = [(); 2].map(|()| Issuer::new(policy(), address.open()));
    let (_, first) = hosts[0].begin(number, BEGINNING);
    let answers = race(2, |racer| {
        loop {
            // What could not be serialized is a store that did not answer.
            match hosts[racer].refresh(&first, at(65), racer as u64) {
                Ok(refreshed) => break (refreshed.how(), text(refreshed.token().unwrap())),
                Err(error) => assert_eq!(error.code().name, "store_unavailable"),
            }
        }
    });
    let [(one, token), (other, same)] = answers.try_into().unwrap();
    assert_eq!(token, same);
    let mut how = [one, other];
    how.sort_unstable();
    assert_eq!(how, [How::Retried, How::Rotated]);
}

fn policy() -> RefreshPolicy {
    let within = Span::from_minutes(24 * 60);
    RefreshPolicy::new(Confirmation::Wired { within }).unwrap()
}

/// Seconds after the session began.
fn at(seconds: i64) -> Time {
    BEGINNING.plus(Span::from_seconds(seconds))
}
