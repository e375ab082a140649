//! What a refresher compared, check by check, and what it would do: for the log of whoever runs it, never for the client.
//!
//! There is no second rule. What a token is answered with is what [`Refresher::refresh`] decides on the same rows; nothing is written.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use counterseal_core::{
    Linked, LinkedOp, LoadLinked, Pending, Refusal, Step, Subject, Time, Unavailable,
};

use crate::asked::Asked;
use crate::decide::{Decision, End, Facts, Why};
use crate::error::RefreshError;
use crate::family::RefreshFamily;
use crate::policy::{OnReuse, RefreshPolicy};
use crate::refresher::{How, Parts, Refresher};
use crate::session::Holder;
use crate::token::RefreshToken;
use reading::{Reading, in_text, newest, unreadable};

mod reading;

/// What a refresher would make of a token, and why. It gives nothing: tokens are reached by refreshing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshExplanation {
    checks: Vec<RefreshCheck>,
    outcome: Result<How, RefreshError>,
    ends: Option<Ends>,
    now: Time,
}

/// One check of a refresher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshCheck {
    check: Check,
    /// Nothing where the refresher would not get as far.
    compared: Option<String>,
}

/// Looks at the session of a token, and at nothing else.
#[must_use = "nothing is explained until `finish`"]
pub struct ExplainRefresh {
    parts: Arc<Parts>,
    asked: Asked,
    checks: Vec<RefreshCheck>,
}

/// What a token would end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    by: End,
    /// Whether with the session all others of its subject.
    is_subject: bool,
}

/// In the order of a refresher.
//= docs/spec/refresh.md#S-7
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Check {
    Form,
    Secret,
    Tag,
    Session,
    Seal,
    Row,
    Holder,
    Clock,
    End,
    Expiry,
    Place,
    Subject,
    State,
    Successor,
}

impl Refresher {
    /// What [`Refresher::refresh`] would do with this token now: each check in its order, with what it compared, up to the one that
    /// refuses. The session is read and nothing is written, so that the answer is as old as that look.
    ///
    /// Its text is for the log of whoever runs the refresher: it has numbers, instants, the session's id and its client's name, and nothing
    /// of a token but that. Do not send it to the client.
    ///
    /// ```
    /// # use counterseal_core::{Secret, Span, Step, Time};
    /// # use counterseal_refresh::{Confirmation, Holder, RefreshPolicy, RefreshSecrets, Refresher};
    /// # let policy = RefreshPolicy::new(Confirmation::Wired { within: Span::from_minutes(60) })?;
    /// # let refresher = Refresher::new(policy, RefreshSecrets::signing(1, &Secret::new(vec![7; 32]))?);
    /// let holder = Holder { client: "web", bound: None };
    /// let Step::Done(explained) = refresher.explain("csrt1_AQE", &holder, Time::from_seconds(1_800_000_000)) else {
    ///     panic!("no store is asked about what is no token")
    /// };
    /// assert!(explained.to_string().contains("REFUSED form: it has 9 bytes in the place of 89"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, token: &str, holder: &Holder<'_>, now: Time) -> Step<ExplainRefresh> {
        let parts = self.parts();
        let opened = RefreshToken::open(token, &parts.secrets);
        let last = opened.as_ref().map_or_else(of_text, |_| Check::Tag);
        let checks = [Check::Form, Check::Secret, Check::Tag].into_iter();
        let checks = checks.filter(|check| *check <= last);
        let checks = checks.map(|check| check.made(in_text(check, token, &parts.secrets)));
        let checks = checks.collect();
        match opened {
            Ok((token, pepper)) => Step::Need(ExplainRefresh {
                parts: parts.clone(),
                asked: Asked::of(token, pepper, holder, now),
                checks,
            }),
            Err(error) => Step::Done(RefreshExplanation::refused(checks, error, now)),
        }
    }
}

impl RefreshExplanation {
    /// The checks, in the order of the refresher.
    pub fn checks(&self) -> impl Iterator<Item = &RefreshCheck> {
        self.checks.iter()
    }

    /// The check that refuses, if one does: the last that is reached.
    pub fn refused_by(&self) -> Option<&RefreshCheck> {
        let last = self.checks.iter().rfind(|check| check.compared.is_some());
        last.filter(|_| self.outcome.is_err())
    }

    /// Why the token would be refused, as the refresher says it, if it would.
    pub fn refusal(&self) -> Option<&RefreshError> {
        self.outcome.as_ref().err()
    }

    /// How it would be answered, if it would.
    pub fn how(&self) -> Option<How> {
        self.outcome.as_ref().ok().copied()
    }

    /// How the session would end by it, if it would.
    pub fn ends(&self) -> Option<End> {
        self.ends.map(|ends| ends.by)
    }

    fn refused(checks: Vec<RefreshCheck>, error: RefreshError, now: Time) -> Self {
        RefreshExplanation::of(checks, Err(error), None, now)
    }

    /// The checks that were made, and those that were not.
    fn of(
        mut checks: Vec<RefreshCheck>,
        outcome: Result<How, RefreshError>,
        ends: Option<Ends>,
        now: Time,
    ) -> Self {
        let skipped = ALL.into_iter().skip(checks.len());
        checks.extend(skipped.map(|check| RefreshCheck {
            check,
            compared: None,
        }));
        RefreshExplanation {
            checks,
            outcome,
            ends,
            now,
        }
    }
}

impl RefreshCheck {
    /// Its name, a word.
    pub const fn name(&self) -> &'static str {
        self.check.name()
    }

    /// What was compared; nothing where the refresher would not get as far.
    pub fn compared(&self) -> Option<&str> {
        self.compared.as_deref()
    }
}

impl fmt::Display for RefreshExplanation {
    /// The verdict, when it was looked at, and each check on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Err(error) => write!(f, "refused: {}", error.code().name)?,
            Ok(how) => write!(f, "taken: {}", how.name())?,
        }
        f.write_str(match self.ends {
            None => "",
            Some(ends) if ends.is_subject => ", and all sessions of the subject would end",
            Some(_) => ", and the session would end",
        })?;
        write!(f, "\nnothing is written; it is {}", self.now.calendar())?;
        let refused = self.refused_by().map(RefreshCheck::name);
        for check in &self.checks {
            let name = check.name();
            match &check.compared {
                None => write!(f, "\nskipped {name}")?,
                Some(text) if refused == Some(name) => write!(f, "\nREFUSED {name}: {text}")?,
                Some(text) => write!(f, "\npassed {name}: {text}")?,
            }
        }
        Ok(())
    }
}

impl ExplainRefresh {
    fn read(mut self, reply: Result<Linked<RefreshFamily, Subject>, Unavailable>) -> Step<Self> {
        let session = self.asked.session();
        let Ok((family, subject)) = reply else {
            let error = RefreshError::Unavailable { session };
            return self.ended(Check::Session, "the store did not answer".into(), error);
        };
        let Some(family) = family.map(|row| row.record) else {
            let error = RefreshError::Unknown { session };
            return self.ended(Check::Session, format!("{session} is not stored"), error);
        };
        self.passed(Check::Session, format!("{session} is stored"));
        let sealed = format!("by secret {}", family.sealed_by());
        if let Err(error) = self.asked.genuine(&family, &self.parts.secrets) {
            return self.ended(Check::Seal, sealed, error);
        }
        self.passed(Check::Seal, sealed);
        match self.asked.facts(&family, subject.as_ref()) {
            Ok(facts) => {
                self.passed(Check::Row, newest(&facts.chain));
                self.judged(&family, &facts)
            }
            Err(error) => self.ended(Check::Row, unreadable(&family), error),
        }
    }

    /// What the rule says, and what it compared.
    fn judged(self, family: &RefreshFamily, facts: &Facts) -> Step<Self> {
        let policy = &self.parts.policy;
        let decided = self.asked.decided(policy, facts);
        let outcome = self.outcome(family, decided);
        let last = outcome.map_or_else(|(check, _)| check, |_| Check::Successor);
        let reading = Reading {
            policy,
            secrets: &self.parts.secrets,
            asked: &self.asked,
            family,
            facts,
        };
        let by_rule = ALL.into_iter().filter(|check| *check > Check::Row);
        let reached = by_rule.filter(|check| *check <= last);
        let made = reached.map(|check| check.made(reading.compared(check)));
        let checks = self.checks.iter().cloned().chain(made).collect();
        let ends = decided.ok().and_then(|decision| policy.ends(decision));
        let outcome = outcome.map_err(|(_, error)| error);
        let now = self.asked.now;
        Step::Done(RefreshExplanation::of(checks, outcome, ends, now))
    }

    /// How the token would be answered, or which check refuses it.
    fn outcome(
        &self,
        family: &RefreshFamily,
        decided: Result<Decision, RefreshError>,
    ) -> Result<How, (Check, RefreshError)> {
        let session = self.asked.session();
        let decision = decided.map_err(|error| (Check::State, error))?;
        let how = decision
            .outcome(session)
            .map_err(|error| (decision.check(), error))?;
        let gives_again = matches!(how, How::Retried | How::RetriedLate);
        let follows = || {
            family
                .again(&self.asked.token, &self.parts.secrets)
                .is_some()
        };
        if gives_again && !follows() {
            return Err((Check::Successor, RefreshError::Broken { session }));
        }
        Ok(how)
    }

    fn passed(&mut self, check: Check, compared: String) {
        self.checks.push(check.made(compared));
    }

    fn ended(mut self, check: Check, compared: String, error: RefreshError) -> Step<Self> {
        self.passed(check, compared);
        let now = self.asked.now;
        Step::Done(RefreshExplanation::refused(self.checks, error, now))
    }
}

impl Pending for ExplainRefresh {
    type Op = LinkedOp<RefreshFamily, Subject>;
    type Outcome = RefreshExplanation;

    fn op(&self) -> Self::Op {
        LinkedOp::Load(LoadLinked::new(self.asked.token.session))
    }

    fn finish(self, reply: Result<Linked<RefreshFamily, Subject>, Unavailable>) -> Step<Self> {
        self.read(reply)
    }
}

impl Check {
    const fn name(self) -> &'static str {
        match self {
            Check::Form => "form",
            Check::Secret => "secret",
            Check::Tag => "tag",
            Check::Session => "session",
            Check::Seal => "seal",
            Check::Row => "row",
            Check::Holder => "holder",
            Check::Clock => "clock",
            Check::End => "end",
            Check::Expiry => "expiry",
            Check::Place => "place",
            Check::Subject => "subject",
            Check::State => "state",
            Check::Successor => "successor",
        }
    }

    const fn made(self, compared: String) -> RefreshCheck {
        RefreshCheck {
            check: self,
            compared: Some(compared),
        }
    }
}

impl Decision {
    /// The check in which the rule says this.
    const fn check(self) -> Check {
        match self {
            Decision::End(_) => Check::Place,
            Decision::Refuse(why) => match why {
                Why::Holder => Check::Holder,
                Why::Clock { .. } => Check::Clock,
                Why::Ended(..) => Check::End,
                Why::Expired { .. } => Check::Expiry,
                Why::Busy { .. } | Why::Superseded => Check::Place,
                Why::StoreBehind | Why::SubjectDisabled { .. } | Why::UserVer { .. } => {
                    Check::Subject
                }
            },
            Decision::Mint | Decision::Retry { .. } | Decision::Rotate | Decision::Same => {
                Check::Successor
            }
        }
    }
}

impl RefreshPolicy {
    fn ends(&self, decision: Decision) -> Option<Ends> {
        let Decision::End(by) = decision else {
            return None;
        };
        let is_subject = by == End::Replayed && self.on_reuse == OnReuse::EndSubject;
        Some(Ends { by, is_subject })
    }
}

/// The check in which a text is no token of ours.
fn of_text(error: &RefreshError) -> Check {
    match error {
        RefreshError::Malformed => Check::Form,
        RefreshError::SecretUnknown => Check::Secret,
        _ => Check::Tag,
    }
}

const ALL: [Check; 14] = [
    Check::Form,
    Check::Secret,
    Check::Tag,
    Check::Session,
    Check::Seal,
    Check::Row,
    Check::Holder,
    Check::Clock,
    Check::End,
    Check::Expiry,
    Check::Place,
    Check::Subject,
    Check::State,
    Check::Successor,
];
