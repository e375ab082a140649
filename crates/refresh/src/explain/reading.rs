//! What is compared of a token and of its session's row, as an operator may see it.

use alloc::format;
use alloc::string::{String, ToString};

use counterseal_core::{BadRow, Span, Time};

use super::Check;
use crate::asked::Asked;
use crate::decide::{Chain, Facts, Place};
use crate::family::RefreshFamily;
use crate::form::{Form, LEN, VERSION};
use crate::policy::RefreshPolicy;
use crate::secrets::{Pepper, RefreshSecrets};
use crate::session::Bound;

/// A genuine row, and what is compared of it.
pub(super) struct Reading<'a> {
    pub(super) policy: &'a RefreshPolicy,
    pub(super) secrets: &'a RefreshSecrets,
    pub(super) asked: &'a Asked,
    pub(super) family: &'a RefreshFamily,
    pub(super) facts: &'a Facts,
}

impl Reading<'_> {
    pub(super) fn compared(&self, check: Check) -> String {
        match check {
            Check::Clock => self.clock(),
            Check::End => match self.facts.chain.ended {
                Some((end, at)) => format!("{} at {}", end.name(), at.calendar()),
                None => "has not ended".into(),
            },
            Check::Expiry => {
                let (idle, last) = (self.facts.chain.idle_end, self.facts.absolute_end);
                format!(
                    "idle end {}, absolute end {}",
                    idle.calendar(),
                    last.calendar()
                )
            }
            Check::Place => self.place(),
            Check::Subject => self.subject(),
            Check::State => self.state(),
            Check::Successor => self.successor(),
            // What comes before the rule was told as it was read.
            _ => self.holder(),
        }
    }

    /// What was shown is told by whether it is the session's: the client may be a stranger.
    fn holder(&self) -> String {
        let (family, asked) = (self.family, self.asked);
        let client = if family.client == asked.client {
            "and it was shown"
        } else {
            "and another one was shown"
        };
        let bound = family.bound().ok().flatten();
        let shown = match asked.bound {
            None => "nothing was shown",
            shown if bound.is_some() && shown == bound => "and it was shown",
            Some(_) => "another one was shown",
        };
        let bound = bound.map_or("nothing", Bound::named);
        format!(
            "of client {:?}, {client}; bound to {bound}, {shown}",
            family.client
        )
    }

    fn clock(&self) -> String {
        let latest = self.facts.chain.latest();
        let behind = latest.since(self.asked.now);
        let told = latest.calendar();
        if behind.millis() <= 0 {
            return format!("the row's last instant is {told}");
        }
        let (behind, most) = (seconds(behind), seconds(self.policy.skew));
        format!("the row's last instant is {told}, this clock is {behind} behind, {most} at most")
    }

    /// Where the token stands, and what the rule compares for that place.
    fn place(&self) -> String {
        let chain = &self.facts.chain;
        let place = match self.facts.place {
            Place::Current => "the newest",
            Place::Newer => "none that the store has seen",
            Place::Older => "older than the parent of the newest",
            Place::Parent => "the parent of the newest",
        };
        let (of, newest) = (self.asked.token.generation, chain.generation);
        let told = format!("generation {of} for {newest}, {place}");
        match self.facts.place {
            Place::Newer | Place::Older => told,
            Place::Current => {
                let since = seconds(self.since(chain.latest()));
                let settled = seconds(self.policy.window.times(2));
                format!("{told}; new for {settled}, and that for {since}")
            }
            Place::Parent => format!("{told}; {}", self.parent()),
        }
    }

    fn parent(&self) -> String {
        let (policy, chain) = (self.policy, &self.facts.chain);
        let answered = seconds(self.since(chain.window_at));
        let window = seconds(policy.window);
        let (retries, budget) = (chain.retries, policy.retries);
        let rotated = seconds(self.since(chain.rotated_at));
        let unconfirmed = seconds(policy.unconfirmed);
        let confirmed = if chain.confirmed { "is" } else { "is not" };
        format!(
            "answered {answered} ago in a window of {window}, retried {retries} of {budget} times; \
             rotated {rotated} ago, and the newest {confirmed} confirmed, waited for {unconfirmed}"
        )
    }

    fn since(&self, at: Time) -> Span {
        self.facts.chain.at(self.asked.now).since(at)
    }

    fn subject(&self) -> String {
        let (session, subject) = (self.facts.version, self.facts.subject);
        let disabled = match subject.disabled {
            Some(since) => format!("disabled since {}", since.calendar()),
            None => "not disabled".into(),
        };
        format!(
            "version {session} for {}, the subject is {disabled}",
            subject.version
        )
    }

    fn state(&self) -> String {
        let number = self.asked.token.secret_number;
        let state = self.secrets.find(number).map_or("is gone", Pepper::does);
        format!("secret {number} {state}")
    }

    fn successor(&self) -> String {
        match self.facts.place {
            Place::Parent => {
                let again = self.family.again(&self.asked.token, self.secrets);
                let follows = again.map_or("does not follow", |_| "follows");
                format!("the newest {follows} from this token")
            }
            Place::Current | Place::Newer | Place::Older => "none is given again".into(),
        }
    }
}

/// What is compared of the text.
pub(super) fn in_text(check: Check, token: &str, secrets: &RefreshSecrets) -> String {
    let form = match Form::read(token) {
        Ok(form) => form,
        Err(fault) => return fault.to_string(),
    };
    let number = form.secret_number();
    match check {
        Check::Form => format!("{LEN} bytes of version {VERSION}"),
        Check::Secret => format!("number {number}; {}", secrets.told()),
        _ => format!("by secret {number}"),
    }
}

/// Where the chain stands.
pub(super) fn newest(chain: &Chain) -> String {
    let (generation, late) = (chain.generation, chain.followed);
    let rotated = chain.rotated_at.calendar();
    format!(
        "newest is generation {generation}, made at {rotated}; {late} generations in a row before it were retried late"
    )
}

/// The first column of a row that cannot be.
pub(super) fn unreadable(family: &RefreshFamily) -> String {
    let bad = family.bound().err().or(family.chain().err());
    bad.map_or(String::new(), |BadRow(name)| {
        format!("{name} cannot be read")
    })
}

/// A span in seconds, to the millisecond where that is not zero.
fn seconds(span: Span) -> String {
    let millis = span.millis();
    let (sign, millis) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    match millis % 1_000 {
        0 => format!("{sign}{} s", millis / 1_000),
        rest => format!("{sign}{}.{rest:03} s", millis / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_to_the_millisecond() {
        for (millis, text) in [
            (0, "0 s"),
            (30_000, "30 s"),
            (30_001, "30.001 s"),
            (-5_010, "-5.010 s"),
            (i64::MIN, "-9223372036854775.808 s"),
        ] {
            assert_eq!(seconds(Span::from_millis(millis)), text);
        }
    }
}
