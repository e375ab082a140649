//! What a verifier compared, check by check: for the log of whoever runs it, never for the peer.
//!
//! There is no second verifier. The verdict is that of [`TokenVerifier::verify_in`]; which check it fell in follows from the refusal,
//! and what was compared is read of the token again.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use counterseal_core::{Refusal, Time};

use crate::json::{Members, Value};
use crate::policy::{Kind, Rule};
use crate::show::{quoted, show};
use crate::verify::{MOST, Parts, decode};
use crate::{Binding, JwtError, TokenKey, TokenKeys, TokenPolicy, TokenSpace, TokenVerifier};

/// What a verifier makes of a token, and why. It is no proof: claims are reached by verifying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenExplanation {
    checks: Vec<TokenCheck>,
    refusal: Option<JwtError>,
}

/// One check of a verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCheck {
    check: Check,
    /// Nothing where the verifier did not get as far.
    compared: Option<String>,
}

/// In the order of a verifier.
//= docs/spec/jwt.md#T-11
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Check {
    Size,
    Form,
    Header,
    Typ,
    Key,
    Algorithm,
    Parts,
    Signature,
    Payload,
    Issuer,
    Audience,
    Times,
    End,
    Begin,
    Life,
    Confirmation,
    Names,
    Binding,
}

/// What the comparisons were made of.
struct Reading<'a> {
    policy: &'a TokenPolicy,
    token: &'a str,
    binding: Option<&'a Binding>,
    keys: &'a TokenKeys,
    now: Time,
    header: String,
    payload: String,
}

impl TokenVerifier {
    /// What [`TokenVerifier::verify`], or [`TokenVerifier::verify_bound`] where there is a binding, makes of `token`: each check in its
    /// order, with what it compared, up to the one that refuses.
    ///
    /// Its text is for the log of whoever runs the verifier. Claims are shown once the signature holds, and those that only have a form
    /// by their length; the signature never is. Do not send it to the peer.
    ///
    /// ```
    /// # use counterseal_core::{KeyId, Secret, Time};
    /// # use counterseal_jwt::{TokenAlgorithm, TokenKey, TokenKeys, TokenPolicy, TokenVerifier};
    /// # let key = TokenKey::hmac(KeyId::parse("k1")?, TokenAlgorithm::Hs256, &Secret::new(vec![7; 32]))?;
    /// # let (keys, now) = (TokenKeys::new([key])?, Time::from_seconds(1_800_000_000));
    /// let verifier = TokenVerifier::new(TokenPolicy::access("https://issuer.example", "api")?);
    /// let explained = verifier.explain("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJh.AAAA", None, &keys, now);
    /// assert!(explained.to_string().contains("REFUSED typ: \"JWT\" for \"at+jwt\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(
        &self,
        token: &str,
        binding: Option<&Binding>,
        keys: &TokenKeys,
        now: Time,
    ) -> TokenExplanation {
        let mut space = TokenSpace::default();
        let verified = self.verify_in(&mut space, token, binding, keys, now);
        let refusal = verified.err();
        let policy = self.policy();
        let (header, payload) = texts(token);
        let last = refusal.map(|error| policy.check_of(error, &header));
        let reading = Reading {
            policy,
            token,
            binding,
            keys,
            now,
            header,
            payload,
        };
        let reached = |check: Check| last.is_none_or(|last| check <= last);
        let checks = ALL.map(|check| TokenCheck {
            check,
            compared: reached(check).then(|| reading.compared(check)),
        });
        TokenExplanation {
            checks: checks.into(),
            refusal,
        }
    }
}

impl TokenExplanation {
    /// The checks, in the order of the verifier.
    pub fn checks(&self) -> impl Iterator<Item = &TokenCheck> {
        self.checks.iter()
    }

    /// The check that refused, if one did: the last that was reached.
    pub fn refused_by(&self) -> Option<&TokenCheck> {
        let last = self.checks.iter().rfind(|check| check.compared.is_some());
        last.filter(|_| self.refusal.is_some())
    }

    /// Why the token is refused, as the verifier says it, if it is.
    pub const fn refusal(&self) -> Option<&JwtError> {
        self.refusal.as_ref()
    }
}

impl TokenCheck {
    /// Its name, a word.
    pub const fn name(&self) -> &'static str {
        self.check.name()
    }

    /// What was compared; nothing where the verifier did not get as far.
    pub fn compared(&self) -> Option<&str> {
        self.compared.as_deref()
    }
}

impl fmt::Display for TokenExplanation {
    /// The verdict, and each check on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.refusal {
            Some(error) => write!(f, "refused: {}", error.code().name)?,
            None => f.write_str("taken")?,
        }
        let refused = self.refused_by().map(TokenCheck::name);
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

impl Check {
    const fn name(self) -> &'static str {
        match self {
            Check::Size => "size",
            Check::Form => "form",
            Check::Header => "header",
            Check::Typ => "typ",
            Check::Key => "key",
            Check::Algorithm => "algorithm",
            Check::Parts => "parts",
            Check::Signature => "signature",
            Check::Payload => "payload",
            Check::Issuer => "issuer",
            Check::Audience => "audience",
            Check::Times => "times",
            Check::End => "end",
            Check::Begin => "begin",
            Check::Life => "life",
            Check::Confirmation => "confirmation",
            Check::Names => "names",
            Check::Binding => "binding",
        }
    }
}

impl TokenPolicy {
    /// The check that ends in this refusal, of a token with this header.
    fn check_of(&self, error: JwtError, header: &str) -> Check {
        match error {
            JwtError::TooLarge { .. } => Check::Size,
            // The header's part is decoded first, the others once the key is known.
            JwtError::Malformed if header.is_empty() => Check::Form,
            JwtError::Malformed => Check::Parts,
            JwtError::Missing => Check::Form,
            JwtError::Header => self.check_of_header(header),
            JwtError::Type => Check::Typ,
            JwtError::KeyUnknown => Check::Key,
            JwtError::Algorithm { .. } => Check::Algorithm,
            JwtError::Signature { .. } => Check::Signature,
            JwtError::Payload { .. } => Check::Payload,
            JwtError::Issuer { .. } => Check::Issuer,
            JwtError::Audience { .. } => Check::Audience,
            JwtError::Claim { name, .. } | JwtError::ClaimMissing { name, .. } => of_claim(name),
            JwtError::Expired { .. } => Check::End,
            JwtError::NotYetValid { .. } => Check::Begin,
            JwtError::Lifetime { .. } => Check::Life,
            JwtError::SpiffeId { .. } | JwtError::TrustDomain { .. } => Check::Names,
            JwtError::Binding { .. } => Check::Binding,
        }
    }

    /// The check in which a header that was decoded is none of this policy: its members, a `typ` or a `kid` that is not there.
    fn check_of_header(&self, header: &str) -> Check {
        match self.header(header, &mut Vec::new()) {
            Ok(header) if header.algorithm.is_none() => Check::Header,
            Ok(header) if header.typ.is_none() && !self.takes_no_typ() => Check::Typ,
            Ok(_) => Check::Key,
            Err(_) => Check::Header,
        }
    }
}

fn of_claim(name: &str) -> Check {
    match name {
        "iss" => Check::Issuer,
        "aud" => Check::Audience,
        "iat" | "exp" | "nbf" => Check::Times,
        "cnf" => Check::Confirmation,
        _ => Check::Names,
    }
}

impl Reading<'_> {
    fn compared(&self, check: Check) -> String {
        let now = self.now.seconds();
        let leeway = self.policy.leeway.millis() / 1_000;
        match check {
            Check::Size => format!("{} bytes, {MOST} at most", self.token.len()),
            Check::Form => format!("{} parts", self.token.split('.').count()),
            Check::Header => self.names(),
            Check::Typ => format!("{} for {}", self.member("typ"), quoted(&self.policy.typ)),
            Check::Key => format!("{} of {}", self.member("kid"), self.key_ids()),
            Check::Algorithm => format!("{} for {}", self.member("alg"), self.algorithms()),
            Check::Parts => self.lengths(),
            Check::Signature => format!("by the key {}", self.member("kid")),
            Check::Payload => match Members::parse(&self.payload) {
                Ok(members) => format!("{} members", members.iter().count()),
                Err(_) => NO_OBJECT.into(),
            },
            Check::Issuer if self.policy.kind == Kind::Svid => "the subject says it".into(),
            Check::Issuer => format!("{} for {}", self.claim("iss"), quoted(self.policy.issuer())),
            Check::Audience => format!("{} for {}", self.claim("aud"), self.audience()),
            Check::Times => self.times(),
            Check::End => format!("exp {}, leeway {leeway}, now {now}", self.claim("exp")),
            Check::Begin => format!("{}, leeway {leeway}, now {now}", self.times()),
            Check::Life => {
                let most = self.policy.life.millis() / 1_000;
                format!("{}, {most} at most", self.times())
            }
            Check::Confirmation => self.confirmation(),
            Check::Names => self.subject(),
            Check::Binding => {
                let shown = self.binding.map_or("nothing", Binding::name);
                format!("{}, shown {shown}", self.confirmation())
            }
        }
    }

    fn member(&self, name: &str) -> String {
        shown(&self.header, name)
    }

    fn claim(&self, name: &str) -> String {
        shown(&self.payload, name)
    }

    /// The names of the header's members.
    fn names(&self) -> String {
        let Ok(members) = Members::parse(&self.header) else {
            return NO_OBJECT.into();
        };
        let names: Vec<_> = members
            .iter()
            .map(|(name, _)| quoted(&name.said()))
            .collect();
        names.join(", ")
    }

    /// The ids of keys, the first of them.
    fn key_ids(&self) -> String {
        let ids: Vec<_> = self
            .keys
            .iter()
            .take(MOST_IDS)
            .map(|key| quoted(key.id().as_str()))
            .collect();
        let more = self.keys.iter().count() - ids.len();
        match more {
            0 => ids.join(", "),
            more => format!("{} and {more} more", ids.join(", ")),
        }
    }

    /// The algorithm of the key that the header means, and whether the policy has it.
    fn algorithms(&self) -> String {
        let members = Members::parse(&self.header).ok();
        let key = match members.and_then(|members| members.get("kid")) {
            Some(Value::Text(kid)) => self.keys.find(&kid.said()),
            _ => self.keys.only(),
        };
        match key.map(TokenKey::algorithm) {
            Some(algorithm) if self.policy.takes(algorithm) => algorithm.name().into(),
            Some(algorithm) => format!("{}, which is none of JWT-SVIDs", algorithm.name()),
            None => NONE.into(),
        }
    }

    fn lengths(&self) -> String {
        let mut parts = self.token.rsplitn(2, '.');
        let signature = parts.next().map_or(0, str::len);
        let payload = parts.next().and_then(|signed| signed.split_once('.'));
        let payload = payload.map_or(0, |(_, payload)| payload.len());
        format!("payload of {payload} letters, signature of {signature}")
    }

    fn audience(&self) -> String {
        let names: Vec<_> = self
            .policy
            .audience
            .names
            .iter()
            .map(|name| quoted(name))
            .collect();
        let rule = match self.policy.audience.rule {
            Rule::All => "all of",
            Rule::Any => "any of",
            Rule::Only => "only",
        };
        format!("{rule} {}", names.join(", "))
    }

    fn times(&self) -> String {
        let of = |name| format!("{name} {}", self.claim(name));
        ["iat", "exp", "nbf"].map(of).join(", ")
    }

    /// What the token says it is bound to, by its name.
    fn confirmation(&self) -> String {
        let members = Members::parse(&self.payload).ok();
        match members.and_then(|members| members.get("cnf")) {
            Some(_) if self.policy.kind == Kind::Foreign => "cnf means nothing".into(),
            Some(Value::Object(object)) => format!("cnf of {}", keys_of(object)),
            Some(_) => "cnf is no object".into(),
            None => "no cnf".into(),
        }
    }

    /// What only has a form is told by its length; a workload has a public name.
    fn subject(&self) -> String {
        let members = Members::parse(&self.payload).ok();
        let one = |name: &str| match members.as_ref().and_then(|members| members.get(name)) {
            Some(Value::Text(text)) => format!("{name} of {} bytes", text.said().len()),
            Some(Value::Number(number)) => format!("{name} of {} digits", number.len()),
            Some(_) => format!("{name} of another type"),
            None => format!("no {name}"),
        };
        let names = ["sub", "jti", "sid", "akid", "user_ver", "gen"].map(one);
        match self.policy.kind {
            Kind::Svid => {
                let (sub, domain) = (self.claim("sub"), quoted(self.policy.issuer()));
                format!("sub {sub} for {domain}, {}", names[1])
            }
            _ => names.join(", "),
        }
    }
}

/// The header and the payload as texts; empty where they cannot be decoded.
fn texts(token: &str) -> (String, String) {
    let Ok(parts) = Parts::of(token) else {
        return (String::new(), String::new());
    };
    let text = |part: &str| {
        let mut space = vec![0; part.len()];
        // What is no text is refused for that before anything of it is looked at.
        let decoded = decode(part, &mut space).ok();
        let text = decoded.and_then(|(bytes, _)| core::str::from_utf8(bytes).ok());
        text.unwrap_or_default().to_owned()
    };
    (text(parts.header), text(parts.payload))
}

/// The member of this name of an object, as an operator may see it.
fn shown(object: &str, name: &str) -> String {
    let members = Members::parse(object).ok();
    let value = members.and_then(|members| members.get(name));
    value.map_or(NONE.into(), show)
}

fn keys_of(object: &str) -> String {
    let members = Members::parse(object).ok();
    let names = members.map(|members| {
        let names = members.iter().map(|(name, _)| quoted(&name.said()));
        names.collect::<Vec<_>>().join(", ")
    });
    names.unwrap_or_default()
}

const ALL: [Check; 18] = [
    Check::Size,
    Check::Form,
    Check::Header,
    Check::Typ,
    Check::Key,
    Check::Algorithm,
    Check::Parts,
    Check::Signature,
    Check::Payload,
    Check::Issuer,
    Check::Audience,
    Check::Times,
    Check::End,
    Check::Begin,
    Check::Life,
    Check::Confirmation,
    Check::Names,
    Check::Binding,
];
const NONE: &str = "none";
const NO_OBJECT: &str = "not one JSON object with each name once";
/// How many ids of keys are shown.
const MOST_IDS: usize = 8;
