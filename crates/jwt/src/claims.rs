//! The claims of a payload whose signature holds: each read once, with the type that it has.
#![allow(
    clippy::inline_always,
    reason = "an error names its key, so what a call returns goes through memory: a tenth of a verification"
)]

use alloc::borrow::Cow;
use alloc::vec::Vec;

use counterseal_core::{KeyId, Span, SpiffeId, Time};

use crate::json::{self, Broken, Members, Name, Text, Value};
use crate::policy::{Audience, Kind, Rule};
use crate::{Binding, JwtError, TokenPolicy};

/// What was read of a payload.
pub(crate) struct Facts<'t> {
    pub(crate) subject: Cow<'t, str>,
    /// Whether the subject is the SPIFFE ID of a workload of the policy's trust domain.
    pub(crate) is_workload: bool,
    pub(crate) id: Option<Cow<'t, str>>,
    pub(crate) session: Option<Cow<'t, str>>,
    pub(crate) access_key: Option<Cow<'t, str>>,
    pub(crate) user_ver: Option<i64>,
    pub(crate) generation: Option<i64>,
    pub(crate) issued: Time,
    pub(crate) begins: Time,
    pub(crate) expires: Time,
    pub(crate) binding: Option<Binding>,
}

/// The claims that are looked at, as they stand there.
#[derive(Default)]
struct Found<'t> {
    iss: Option<Value<'t>>,
    sub: Option<Value<'t>>,
    aud: Option<Value<'t>>,
    exp: Option<Value<'t>>,
    nbf: Option<Value<'t>>,
    iat: Option<Value<'t>>,
    jti: Option<Value<'t>>,
    cnf: Option<Value<'t>>,
    user_ver: Option<Value<'t>>,
    akid: Option<Value<'t>>,
    sid: Option<Value<'t>>,
    generation: Option<Value<'t>>,
}

/// Reads claims for one policy.
struct Reader<'p> {
    policy: &'p TokenPolicy,
    key: KeyId,
}

impl TokenPolicy {
    /// What this payload says, if all of it is as this policy has it.
    #[inline(always)]
    pub(crate) fn facts<'t>(
        &self,
        key: KeyId,
        payload: &'t str,
        names: &mut Vec<Name>,
        now: Time,
    ) -> Result<Facts<'t>, JwtError> {
        let found = Found::of(payload, names).map_err(|Broken| JwtError::Payload { key })?;
        let reader = Reader { policy: self, key };
        reader.facts(&found, now)
    }
}

impl TokenPolicy {
    /// Valid while `now < exp + leeway` and `now >= nbf - leeway`; issued no later than that.
    //= docs/spec/jwt.md#T-7
    pub(crate) fn check_now(
        &self,
        key: KeyId,
        begins: Time,
        expires: Time,
        now: Time,
    ) -> Result<(), JwtError> {
        if now >= expires.plus(self.leeway) {
            return Err(JwtError::Expired { key, expires, now });
        }
        if now < begins.minus(self.leeway) {
            let from = begins;
            return Err(JwtError::NotYetValid { key, from, now });
        }
        Ok(())
    }
}

impl TokenPolicy {
    /// When a token was issued that does not say so: as early as its end allows, or now where that is later, which is too long a life.
    //= docs/spec/jwt.md#T-17
    fn issued_at(&self, expires: Time, now: Time) -> Time {
        expires.minus(self.life).min(now.plus(self.leeway))
    }
}

impl<'t> Found<'t> {
    fn of(payload: &'t str, names: &mut Vec<Name>) -> Result<Self, Broken> {
        let mut found = Found::default();
        json::read(payload, names, |tag, _, value| {
            let place = match tag {
                names::ISS => &mut found.iss,
                names::SUB => &mut found.sub,
                names::AUD => &mut found.aud,
                names::EXP => &mut found.exp,
                names::NBF => &mut found.nbf,
                names::IAT => &mut found.iat,
                names::JTI => &mut found.jti,
                names::CNF => &mut found.cnf,
                names::USER_VER => &mut found.user_ver,
                names::AKID => &mut found.akid,
                names::SID => &mut found.sid,
                names::GEN => &mut found.generation,
                _ => return,
            };
            *place = Some(value);
        })?;
        Ok(found)
    }
}

/// The names of claims that are looked at.
mod names {
    use crate::json::Tag;

    pub(super) const ISS: Tag = Tag::all("iss");
    pub(super) const SUB: Tag = Tag::all("sub");
    pub(super) const AUD: Tag = Tag::all("aud");
    pub(super) const EXP: Tag = Tag::all("exp");
    pub(super) const NBF: Tag = Tag::all("nbf");
    pub(super) const IAT: Tag = Tag::all("iat");
    pub(super) const JTI: Tag = Tag::all("jti");
    pub(super) const CNF: Tag = Tag::all("cnf");
    pub(super) const USER_VER: Tag = Tag::all("user_ver");
    pub(super) const AKID: Tag = Tag::all("akid");
    pub(super) const SID: Tag = Tag::all("sid");
    pub(super) const GEN: Tag = Tag::all("gen");
}

impl Reader<'_> {
    #[inline(always)]
    fn facts<'t>(&self, found: &Found<'t>, now: Time) -> Result<Facts<'t>, JwtError> {
        let key = self.key;
        //= docs/spec/jwt.md#T-6
        let kind = self.policy.kind;
        if kind != Kind::Svid && !self.text("iss", found.iss)?.is(&self.policy.issuer) {
            return Err(JwtError::Issuer { key });
        }
        if !self.is_for(&self.policy.audience, self.required("aud", found.aud)?)? {
            return Err(JwtError::Audience { key });
        }
        let issued = match found.iat {
            None if kind == Kind::Svid => None,
            iat => Some(self.time("iat", self.required("iat", iat)?)?),
        };
        let expires = self.time("exp", self.required("exp", found.exp)?)?;
        let from = found.nbf.map(|nbf| self.time("nbf", nbf)).transpose()?;
        let issued = issued.or(from);
        let issued = issued.unwrap_or_else(|| self.policy.issued_at(expires, now));
        let begins = from.map_or(issued, |from| from.max(issued));
        self.check_times(issued, begins, expires, now)?;
        let is_own = matches!(kind, Kind::Own | Kind::App);
        let own = |value| if is_own { value } else { None };
        let binding = found.cnf.filter(|_| kind != Kind::Foreign);
        let binding = binding.map(|value| self.binding(value)).transpose()?;
        if is_own {
            self.required("jti", found.jti)?;
        }
        self.required("sub", found.sub)?;
        Ok(Facts {
            subject: self.subject(found.sub)?,
            is_workload: kind == Kind::Svid,
            id: self.name("jti", found.jti)?,
            session: self.name("sid", own(found.sid))?,
            access_key: self.name("akid", own(found.akid))?,
            user_ver: self.count("user_ver", own(found.user_ver))?,
            generation: self.count("gen", own(found.generation))?,
            issued,
            begins,
            expires,
            binding,
        })
    }

    /// Whom it is about: a name; of a JWT-SVID, a workload of the policy's trust domain.
    //= docs/spec/jwt.md#T-17
    fn subject<'t>(&self, value: Option<Value<'t>>) -> Result<Cow<'t, str>, JwtError> {
        if self.policy.kind != Kind::Svid {
            return Ok(self.name("sub", value)?.unwrap_or_default());
        }
        let said = self.text("sub", value)?.said();
        let key = self.key;
        let id = SpiffeId::workload(&said).map_err(|why| JwtError::SpiffeId { key, why })?;
        if id.domain().as_str() != &*self.policy.issuer {
            return Err(JwtError::TrustDomain { key });
        }
        Ok(said)
    }

    fn required<'t>(
        &self,
        name: &'static str,
        value: Option<Value<'t>>,
    ) -> Result<Value<'t>, JwtError> {
        value.ok_or_else(|| self.missing(name))
    }

    fn text<'t>(&self, name: &'static str, value: Option<Value<'t>>) -> Result<Text<'t>, JwtError> {
        match self.required(name, value)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong(name)),
        }
    }

    /// A text of 1 to 255 bytes, if there is any.
    //= docs/spec/jwt.md#T-9
    #[inline(always)]
    fn name<'t>(
        &self,
        name: &'static str,
        value: Option<Value<'t>>,
    ) -> Result<Option<Cow<'t, str>>, JwtError> {
        let Some(value) = value else {
            return Ok(None);
        };
        let Value::Text(text) = value else {
            return Err(self.wrong(name));
        };
        let said = text.said();
        if (1..=MOST_NAME).contains(&said.len()) {
            Ok(Some(said))
        } else {
            Err(self.wrong(name))
        }
    }

    /// A whole number of 0 to 2^53 - 1, which every language can hold.
    //= docs/spec/jwt.md#T-9
    fn count(&self, name: &'static str, value: Option<Value<'_>>) -> Result<Option<i64>, JwtError> {
        let Some(value) = value else {
            return Ok(None);
        };
        let Value::Number(number) = value else {
            return Err(self.wrong(name));
        };
        let count = whole(number).filter(|count| *count < 1 << 53);
        Ok(Some(count.ok_or_else(|| self.wrong(name))?))
    }

    /// Whether the audience is as the policy has it; a list has texts only, and one at least.
    fn is_for(&self, audience: &Audience, value: Value<'_>) -> Result<bool, JwtError> {
        let list = match value {
            Value::Text(text) => return Ok(audience.is_for(|| [text].into_iter())),
            Value::List(list) if !list.is_empty() => list,
            _ => return Err(self.wrong("aud")),
        };
        if Value::texts(list).any(|text| text.is_none()) {
            return Err(self.wrong("aud"));
        }
        Ok(audience.is_for(|| Value::texts(list).flatten()))
    }

    /// A time between 1970 and the end of the year 9999, to the millisecond (RFC 7519 section 2, `NumericDate`).
    #[inline(always)]
    fn time(&self, name: &'static str, value: Value<'_>) -> Result<Time, JwtError> {
        let Value::Number(number) = value else {
            return Err(self.wrong(name));
        };
        numeric_date(number).ok_or_else(|| self.wrong(name))
    }

    /// Issued for no longer than the policy allows, and valid now.
    //= docs/spec/jwt.md#T-8
    fn check_times(
        &self,
        issued: Time,
        begins: Time,
        expires: Time,
        now: Time,
    ) -> Result<(), JwtError> {
        let key = self.key;
        self.policy.check_now(key, begins, expires, now)?;
        if expires.since(issued) > self.policy.life || expires <= issued {
            return Err(JwtError::Lifetime {
                key,
                issued,
                expires,
            });
        }
        Ok(())
    }

    /// The one key that `cnf` names (RFC 7800 section 3.1).
    //= docs/spec/jwt.md#T-10
    fn binding(&self, value: Value<'_>) -> Result<Binding, JwtError> {
        let Value::Object(object) = value else {
            return Err(self.wrong("cnf"));
        };
        let members = Members::parse(object).map_err(|_| self.wrong("cnf"))?;
        let mut members = members.iter();
        let (Some((name, Value::Text(print))), None) = (members.next(), members.next()) else {
            return Err(self.wrong("cnf"));
        };
        Binding::parse(&name.said(), &print.said()).ok_or_else(|| self.wrong("cnf"))
    }

    const fn missing(&self, name: &'static str) -> JwtError {
        let key = self.key;
        JwtError::ClaimMissing { key, name }
    }

    const fn wrong(&self, name: &'static str) -> JwtError {
        let key = self.key;
        JwtError::Claim { key, name }
    }
}

impl Audience {
    /// Of a list that has texts only, as often as it is asked for.
    fn is_for<'t, I: Iterator<Item = Text<'t>>>(&self, said: impl Fn() -> I) -> bool {
        let is_ours = |text: Text<'_>| self.names.iter().any(|name| text.is(name));
        match self.rule {
            Rule::All => self
                .names
                .iter()
                .all(|name| said().any(|text| text.is(name))),
            Rule::Any => said().any(is_ours),
            Rule::Only => said().all(is_ours),
        }
    }
}

//= docs/spec/jwt.md#T-7
pub(crate) fn numeric_date(number: &str) -> Option<Time> {
    let (seconds, millis) = match whole(number) {
        Some(seconds) => (seconds, 0),
        None => with_fraction(number)?,
    };
    if !(0..=LATEST).contains(&seconds) || (seconds, millis) == (0, 0) {
        return None;
    }
    Some(Time::from_seconds(seconds).plus(Span::from_millis(millis)))
}

/// A number of at most 18 digits and nothing else.
fn whole(number: &str) -> Option<i64> {
    if number.len() > 18 {
        return None;
    }
    number.bytes().try_fold(0, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + i64::from(digit))
    })
}

/// Seconds and milliseconds; what is less than a millisecond is cut off.
fn with_fraction(number: &str) -> Option<(i64, i64)> {
    let (whole, part) = number.split_once('.')?;
    if part.len() > 9 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = part.bytes().chain(*b"00").take(3);
    let millis = digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some((self::whole(whole)?, millis))
}

/// The longest name: `sub`, `jti`, `sid`, `akid`.
const MOST_NAME: usize = 255;
/// The last second of the year 9999.
const LATEST: i64 = 253_402_300_799;
