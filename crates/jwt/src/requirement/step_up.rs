//! Step-up: that a person was there, by a method that is good enough, a short while ago (RFC 9470).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use counterseal_core::{Span, Time};

use crate::claims::numeric_date;
use crate::json::{Members, Value};
use crate::{RequirementSetupError, VerifiedToken};

/// How fresh, and by which method, the authentication behind a token must be.
///
/// One of its values is enough: a method in the token's `amr` (RFC 8176), or the level that is its `acr`. Methods and levels are
/// what the issuer calls them; there is no order among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepUp {
    max_age: Span,
    methods: Vec<Box<str>>,
    levels: Vec<Box<str>>,
}

/// That the person of one session has just authenticated, as a verifier of the integrator found: of `WebAuthn`, of a one-time
/// code. It serves one check, and none of another session or subject.
///
/// Whoever makes one has checked the answer to a challenge that is used once; nothing here can do that.
///
/// ```compile_fail
/// # fn twice(proof: counterseal_jwt::StepUpProof) {
/// let copy = proof.clone();
/// # }
/// ```
#[derive(Debug)]
pub struct StepUpProof {
    session: Box<str>,
    subject: Box<str>,
    method: Box<str>,
    at: Time,
}

/// Why an authentication is not fresh or not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepUpReason {
    /// It is older than it may be.
    Age,
    /// The token does not say when it was, or not in the form that it has.
    AuthTime,
    /// It is in the verifier's future.
    Future,
    /// It was by none of the methods and levels that are accepted.
    Method,
    /// The proof is of another session or of another subject, or the token has no session.
    Session,
}

impl StepUp {
    /// By one of these methods, as `amr` has them (RFC 8176), no longer ago than `max_age`: 1 s to 24 h.
    ///
    /// # Errors
    ///
    /// [`RequirementSetupError::StepUp`] for another span, for no methods, more than 16, or one that is not 1 to 128 visible
    /// letters of ASCII without quotes.
    pub fn by_method<'m>(
        max_age: Span,
        methods: impl IntoIterator<Item = &'m str>,
    ) -> Result<Self, RequirementSetupError> {
        Self::new(max_age, collected(methods), Vec::new())
    }

    /// At one of these levels, as `acr` has them, no longer ago than `max_age`: 1 s to 24 h.
    ///
    /// # Errors
    ///
    /// As [`StepUp::by_method`].
    pub fn at_level<'m>(
        max_age: Span,
        levels: impl IntoIterator<Item = &'m str>,
    ) -> Result<Self, RequirementSetupError> {
        Self::new(max_age, Vec::new(), collected(levels))
    }

    /// The same, or at one of these levels.
    ///
    /// # Errors
    ///
    /// As [`StepUp::by_method`].
    pub fn or_at_level<'m>(
        mut self,
        levels: impl IntoIterator<Item = &'m str>,
    ) -> Result<Self, RequirementSetupError> {
        self.levels = collected(levels);
        if self.levels.is_empty() {
            return Err(RequirementSetupError::StepUp);
        }
        self.checked()
    }

    fn new(
        max_age: Span,
        methods: Vec<Box<str>>,
        levels: Vec<Box<str>>,
    ) -> Result<Self, RequirementSetupError> {
        StepUp {
            max_age,
            methods,
            levels,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, RequirementSetupError> {
        let count = self.methods.len() + self.levels.len();
        let is_age = (Span::from_seconds(1)..=Span::from_minutes(24 * 60)).contains(&self.max_age);
        let mut values = self.methods.iter().chain(&self.levels);
        if !is_age || !(1..=MOST_VALUES).contains(&count) || !values.all(|value| is_value(value)) {
            return Err(RequirementSetupError::StepUp);
        }
        Ok(self)
    }

    /// How long ago it may be.
    pub const fn max_age(&self) -> Span {
        self.max_age
    }

    /// The methods of which one is enough.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.methods.iter().map(|method| &**method)
    }

    /// The levels of which one is enough.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().map(|level| &**level)
    }

    /// The value of the field `WWW-Authenticate` that sends a client to authenticate anew (RFC 9470 section 3). Methods stand in
    /// `amr_values`, which that RFC does not have: clients that do not know it read over it.
    pub fn challenge(&self) -> String {
        let mut value = String::from("Bearer error=\"insufficient_user_authentication\"");
        list(&mut value, "acr_values", self.levels());
        list(&mut value, "amr_values", self.methods());
        let _ = write!(value, ", max_age=\"{}\"", self.max_age.seconds());
        value
    }

    /// When the authentication was that this token tells of, if it is fresh and good enough.
    pub(crate) fn of_token(
        &self,
        token: &VerifiedToken<'_>,
        now: Time,
    ) -> Result<Time, StepUpReason> {
        //= docs/spec/access.md#A-5
        let said = Members::parse(token.payload()).map_err(|_| StepUpReason::AuthTime)?;
        let Some(Value::Number(number)) = said.get("auth_time") else {
            return Err(StepUpReason::AuthTime);
        };
        let at = numeric_date(number).ok_or(StepUpReason::AuthTime)?;
        let is_level = matches!(said.get("acr"), Some(Value::Text(acr)) if self.levels().any(|level| acr.is(level)));
        let is_method = match said.get("amr") {
            Some(Value::List(list)) => self.is_among(list),
            _ => false,
        };
        if !is_level && !is_method {
            return Err(StepUpReason::Method);
        }
        self.fresh(at, now)
    }

    /// Whether one of a list is accepted; one that has anything but texts in it is no list of methods.
    fn is_among(&self, list: &str) -> bool {
        let mut texts = Value::texts(list).flatten();
        Value::texts(list).all(|text| text.is_some())
            && texts.any(|text| self.methods().any(|method| text.is(method)))
    }

    /// When the authentication was that this proof tells of, if it is of this token's session, fresh and good enough.
    pub(crate) fn of_proof(
        &self,
        token: &VerifiedToken<'_>,
        proof: &StepUpProof,
        now: Time,
    ) -> Result<Time, StepUpReason> {
        //= docs/spec/access.md#A-7
        if token.session() != Some(&proof.session) || token.subject() != &*proof.subject {
            return Err(StepUpReason::Session);
        }
        if !self.methods().any(|method| method == &*proof.method) {
            return Err(StepUpReason::Method);
        }
        self.fresh(proof.at, now)
    }

    fn fresh(&self, at: Time, now: Time) -> Result<Time, StepUpReason> {
        if at > now.plus(LEEWAY) {
            return Err(StepUpReason::Future);
        }
        if now.since(at) > self.max_age {
            return Err(StepUpReason::Age);
        }
        Ok(at)
    }
}

impl StepUpProof {
    /// That `subject` authenticated by `method`, in the session with this id, at this instant of the verifier's clock.
    pub fn new(session: &str, subject: &str, method: &str, at: Time) -> Self {
        StepUpProof {
            session: session.into(),
            subject: subject.into(),
            method: method.into(),
            at,
        }
    }
}

impl StepUpReason {
    /// Its name in events.
    pub const fn name(self) -> &'static str {
        match self {
            StepUpReason::Age => "age",
            StepUpReason::AuthTime => "auth_time",
            StepUpReason::Future => "future",
            StepUpReason::Method => "method",
            StepUpReason::Session => "session",
        }
    }
}

/// Adds values to a challenge, if there are any.
fn list<'v>(challenge: &mut String, name: &str, values: impl Iterator<Item = &'v str>) {
    let values: Vec<_> = values.collect();
    if !values.is_empty() {
        let _ = write!(challenge, ", {name}=\"{}\"", values.join(" "));
    }
}

fn collected<'m>(values: impl IntoIterator<Item = &'m str>) -> Vec<Box<str>> {
    // One more than there may be, so that it shows.
    let values = values.into_iter().take(MOST_VALUES + 1);
    values.map(Box::from).collect()
}

/// Values stand in a quoted text of a challenge, with blanks between them.
fn is_value(value: &str) -> bool {
    (1..=128).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// How far ahead the clock of whoever authenticated may be. An age has no leeway.
const LEEWAY: Span = Span::from_seconds(30);
const MOST_VALUES: usize = 16;
