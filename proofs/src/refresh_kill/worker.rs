//! A worker process: a host that refreshes, confirms and ends as it is told, and says at which of its steps it is.
//!
//! It reads one order a line. Before and after each step on the store it writes a line, so that whoever kills it knows between which
//! two of them; and at last what came of the order. Told to, it stops at one of these lines for good.

use std::io::{self, BufRead, Write};
use std::thread;

use counterseal_core::{Pending, Refusal, Run, Span, Step, Time};
use counterseal_refresh::{ChangeSession, Confirmation, RefreshPolicy, SessionId};

use super::order::{Order, What};
use crate::broken::ForgetsEnds;
use crate::databases::{Address, Sessions, Store};
use crate::issuer::{Issuer, text};

/// The name under which this program starts itself as such a worker.
pub(crate) const NAME: &str = "refresh-worker";

struct Worker {
    issuer: Issuer,
    /// How many lines are left until it stops.
    left: Option<u32>,
}

/// Opens the store and serves until its input ends.
pub(crate) fn run(arguments: &[String]) {
    let (address, broken) = arguments.split_at(3);
    let address = Address::read(address).expect("where the store is");
    let mut store = address.open();
    if broken == ["broken"] {
        store = ForgetsEnds::over(&store);
    }
    let mut worker = Worker {
        issuer: issuer(store),
        left: None,
    };
    say("ready");
    for line in io::stdin().lock().lines() {
        let line = line.expect("orders are text");
        match line.strip_prefix("stop ") {
            Some(after) => worker.left = after.parse().ok(),
            None if line == "over" => {
                worker.left = None;
                say("done");
            }
            None => worker.obey(&Order::read(&line).expect("an order")),
        }
    }
}

pub(super) fn issuer(store: Store) -> Issuer {
    let within = Span::from_minutes(24 * 60);
    let policy = RefreshPolicy::new(Confirmation::Wired { within });
    // A killed host's requests count as retries too.
    let policy = policy.and_then(|policy| policy.with_retries(1_024));
    Issuer::new(policy.expect("within the bounds"), store)
}

impl Worker {
    fn obey(&mut self, order: &Order) {
        let (number, now) = (order.number, Time::from_millis(order.now));
        match &order.what {
            What::Refresh(token) => {
                let step = self.issuer.ask(token, now, order.salt);
                let outcome = step.and_then(|step| self.drive(number, step));
                match outcome {
                    Ok(refreshed) => {
                        let token = refreshed.token().map_or_else(|| "-".to_owned(), text);
                        let generation = refreshed.session().generation;
                        say(&format!("= {number} {generation} {token}"));
                    }
                    Err(error) => say(&format!("! {number} {}", error.code().name)),
                }
            }
            What::Confirm(session, generation) => {
                let session = SessionId::parse(session).expect("a session");
                let step = self.issuer.refresher.confirm(session, *generation, now);
                self.change("confirmed", number, step);
            }
            What::End(session) => {
                let session = SessionId::parse(session).expect("a session");
                let step = self.issuer.refresher.revoke(session, now);
                self.change("ended", number, step);
            }
        }
    }

    fn change(&mut self, done: &str, number: usize, step: Step<ChangeSession>) {
        match self.drive(number, step) {
            Ok(_) => say(&format!("{done} {number}")),
            Err(error) => say(&format!("! {number} {}", error.code().name)),
        }
    }

    fn drive<P: Pending>(&mut self, number: usize, mut step: Step<P>) -> P::Outcome
    where
        dyn Sessions: Run<P::Op>,
    {
        let mut steps = 0;
        loop {
            match step {
                Step::Done(outcome) => return outcome,
                Step::Need(pending) => {
                    self.mark(&format!("before {number} {steps}"));
                    let reply = self.issuer.store.run(pending.op());
                    self.mark(&format!("after {number} {steps}"));
                    step = pending.finish(reply);
                    steps += 1;
                }
            }
        }
    }

    fn mark(&mut self, line: &str) {
        say(line);
        let Some(left) = &mut self.left else { return };
        if *left == 0 {
            say("stopped");
            loop {
                thread::park();
            }
        }
        *left -= 1;
    }
}

/// Ends with the process that listens.
fn say(line: &str) {
    let line = format!("{line}\n");
    let mut out = io::stdout();
    if out
        .write_all(line.as_bytes())
        .and_then(|()| out.flush())
        .is_err()
    {
        std::process::exit(1);
    }
}
