//! Runs a case, says what came of it, and compares that with what was expected.

use std::fmt;

use counterseal::core::Code;
use serde::Serialize;
use serde_json::Value;

use crate::request::Comes;
use crate::{Case, Verdict, foreign, jwt, limit, refresh, request, response, webhook};

/// What came of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Observation {
    /// Whether it was accepted.
    pub verdict: Verdict,
    /// The code of the refusal.
    pub code: Option<String>,
    /// What the peer may be told.
    pub public: Option<String>,
    /// What an accepted case gave.
    pub output: Value,
    /// How many answers of the store the decision asked for.
    pub asked: usize,
}

/// Why a case cannot be run.
#[derive(Debug)]
pub enum CaseError {
    /// The input has other members than the operation takes.
    Input(serde_json::Error),
    /// The operation signs, and there is not exactly one key.
    Keys,
    /// The operation takes a policy, and there is none.
    Policy,
    /// An answer of the store is to another question.
    Reply,
    /// The operation takes 16 bytes of randomness.
    Seed,
    /// A step names what is not there.
    Step,
    /// No room of this name has an operation of this name.
    Unknown,
}

/// What comes of `case` as the operation `op` of `room`.
///
/// # Errors
///
/// [`CaseError`] when it is no case of that operation.
pub fn run(room: &str, op: &str, case: &Case) -> Result<Observation, CaseError> {
    match (room, op) {
        ("foreign", "answer") => foreign::answer(case),
        ("foreign", "verify") => foreign::verify(case, Comes::Whole),
        ("jwt", "bearer") => jwt::bearer(case),
        ("jwt", "cached") => jwt::cached(case),
        ("jwt", "challenge") => jwt::challenge(case),
        ("jwt", "fetch") => jwt::fetch(case),
        ("jwt", "keys") => jwt::keys(case),
        ("jwt", "mint") => jwt::mint(case),
        ("jwt", "nearest") => jwt::nearest(case),
        ("jwt", "oidc") => jwt::oidc(case),
        ("jwt", "require") => jwt::require(case),
        ("jwt", "ring") => jwt::ring(case),
        ("jwt", "stand") => jwt::stand(case),
        ("jwt", "standing") => jwt::standing(case),
        ("jwt", "verify") => jwt::verify(case),
        ("limit", "address") => limit::address(case),
        ("limit", "admit") => limit::admit(case),
        ("limit", "tell") => limit::tell(case),
        ("refresh", "sessions") => refresh::sessions(case),
        ("request", "verify") => request::verify(case, Comes::Whole),
        ("request", "sign") => request::sign(case),
        ("request", "policy") => request::policy(case),
        ("request", "profile") => request::profile(case),
        ("request", "key") => request::key(case),
        ("request", "keys") => request::keys(case),
        ("response", "check") => response::check(case),
        ("response", "clock") => response::clock(case),
        ("response", "refuse") => response::refuse(case),
        ("response", "respond") => response::respond(case),
        ("webhook", "receive") => webhook::receive(case),
        ("webhook", "send") => webhook::send(case),
        _ => Err(CaseError::Unknown),
    }
}

/// What comes of a request to verify when its content follows in pieces; none for a case of another operation.
///
/// # Errors
///
/// As [`run`].
pub fn run_in_pieces(room: &str, op: &str, case: &Case) -> Result<Option<Observation>, CaseError> {
    let seen = match (room, op) {
        ("foreign", "verify") => foreign::verify(case, Comes::InPieces),
        ("request", "verify") => request::verify(case, Comes::InPieces),
        _ => return Ok(None),
    };
    seen.map(Some)
}

/// What comes of a token to verify when it comes a second time to a verifier that keeps its proof; none for a case of another
/// operation, and where the peer shows a key.
///
/// # Errors
///
/// As [`run`].
pub fn run_again(room: &str, op: &str, case: &Case) -> Result<Option<Observation>, CaseError> {
    match (room, op) {
        ("jwt", "verify") => jwt::verify_again(case),
        _ => Ok(None),
    }
}

/// How `seen` differs from what `case` expects, for people.
pub fn difference(case: &Case, seen: &Observation) -> Option<String> {
    let wanted = &case.expect;
    let differ = |what: &str, wanted: &dyn fmt::Debug, seen: &dyn fmt::Debug| {
        Some(format!("{what}: expected {wanted:?}, got {seen:?}"))
    };
    if seen.verdict != wanted.verdict || seen.code != wanted.code {
        let wanted = (wanted.verdict, &wanted.code);
        return differ("verdict", &wanted, &(seen.verdict, &seen.code));
    }
    if seen.public != wanted.public {
        return differ("public", &wanted.public, &seen.public);
    }
    if seen.output != wanted.output {
        return differ("output", &wanted.output, &seen.output);
    }
    if seen.asked != case.replies.len() {
        return differ("asked", &case.replies.len(), &seen.asked);
    }
    None
}

impl Observation {
    /// An acceptance.
    pub(crate) fn accepted(output: Value) -> Self {
        Observation {
            verdict: Verdict::Accept,
            code: None,
            public: None,
            output,
            asked: 0,
        }
    }

    /// A refusal.
    pub(crate) fn refused(code: Code) -> Self {
        Observation {
            verdict: Verdict::Reject,
            code: Some(code.name.into()),
            public: Some(code.public.into()),
            output: Value::Null,
            asked: 0,
        }
    }

    /// The same, after so many questions to the store.
    pub(crate) fn asking(mut self, asked: usize) -> Self {
        self.asked = asked;
        self
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => write!(f, "the input does not fit the operation: {error}"),
            Self::Keys => f.write_str("the operation takes exactly one key"),
            Self::Policy => f.write_str("the operation takes a policy"),
            Self::Reply => f.write_str("an answer of the store is to another question"),
            Self::Seed => f.write_str("the operation takes a seed of 16 bytes"),
            Self::Step => f.write_str("a step names what is not there"),
            Self::Unknown => f.write_str("no such room or operation"),
        }
    }
}

impl std::error::Error for CaseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Input(error) => Some(error),
            _ => None,
        }
    }
}
