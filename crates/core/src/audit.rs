//! Audit events: what was decided, by which rule, with the values compared; never what the peer sent.
//!
//! An event is redacted by type. Its facts are numbers, instants, words of this program's own text
//! and ids of keys that the verifier knows, so there is no place for a token, a header or a body.

use core::fmt;

use crate::{Code, KeyId, Time};

/// One decision, ready for a log. `Display` writes it as one line of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When, on the caller's clock.
    pub at: Time,
    /// `request_accepted`, or the code of the refusal.
    pub event: &'static str,
    /// The refusal's code; none when it was accepted.
    pub refusal: Option<Code>,
    /// The key that the verifier found for it, if it got that far.
    pub key: Option<KeyId>,
    facts: [Option<Fact>; MAX_FACTS],
}

/// A value that took part in the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// What it was.
    pub value: FactValue,
}

/// The kinds of values that an event may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// An instant.
    At(Time),
    /// The id of something that this program set up.
    Id(KeyId),
    /// A number.
    Number(i64),
    /// A word of this program's own text.
    Word(&'static str),
}

impl AuditEvent {
    /// An acceptance.
    pub const fn accepted(event: &'static str, key: KeyId, at: Time) -> Self {
        AuditEvent {
            at,
            event,
            refusal: None,
            key: Some(key),
            facts: [None; MAX_FACTS],
        }
    }

    /// A refusal.
    pub const fn refused(code: Code, key: Option<KeyId>, at: Time) -> Self {
        AuditEvent {
            at,
            event: code.name,
            refusal: Some(code),
            key,
            facts: [None; MAX_FACTS],
        }
    }

    /// The event with these facts; the first four are kept.
    #[must_use]
    pub fn with(mut self, facts: &[Fact]) -> Self {
        for (slot, fact) in self.facts.iter_mut().zip(facts) {
            *slot = Some(*fact);
        }
        self
    }

    /// The values compared.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().flatten()
    }
}

impl Fact {
    /// A number.
    pub const fn number(name: &'static str, value: i64) -> Self {
        let value = FactValue::Number(value);
        Fact { name, value }
    }

    /// An instant.
    pub const fn at(name: &'static str, value: Time) -> Self {
        let value = FactValue::At(value);
        Fact { name, value }
    }

    /// The id of something that this program set up, such as a limit.
    pub const fn id(name: &'static str, value: KeyId) -> Self {
        let value = FactValue::Id(value);
        Fact { name, value }
    }

    /// A word.
    pub const fn word(name: &'static str, value: &'static str) -> Self {
        let value = FactValue::Word(value);
        Fact { name, value }
    }
}

impl fmt::Display for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every text here is [A-Za-z0-9_.:-] or a literal of this program, so nothing needs escaping.
        write!(f, r#"{{"at":{},"event":"{}""#, self.at.millis(), self.event)?;
        if let Some(code) = self.refusal {
            write!(f, r#","blame":"{}""#, code.blame.name())?;
        }
        if let Some(key) = &self.key {
            write!(f, r#","key":"{key}""#)?;
        }
        for fact in self.facts() {
            match fact.value {
                FactValue::At(time) => write!(f, r#","{}":{}"#, fact.name, time.millis())?,
                FactValue::Id(id) => write!(f, r#","{}":"{id}""#, fact.name)?,
                FactValue::Number(number) => write!(f, r#","{}":{number}"#, fact.name)?,
                FactValue::Word(word) => write!(f, r#","{}":"{word}""#, fact.name)?,
            }
        }
        f.write_str("}")
    }
}

const MAX_FACTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a02_one_event_is_one_line() {
        let key = KeyId::parse("worker-7").unwrap();
        let event = AuditEvent::refused(crate::STORE_UNAVAILABLE, Some(key), Time::from_millis(5))
            .with(&[
                Fact::at("created", Time::from_millis(4)),
                Fact::word("rule", "window"),
            ]);
        assert_eq!(
            event.to_string(),
            r#"{"at":5,"event":"store_unavailable","blame":"environment","key":"worker-7","created":4,"rule":"window"}"#
        );
    }
}
