//! Verifying: size, form, header, key, signature, and only then what the token says.

use alloc::boxed::Box;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{KeyId, Span, Time};

use crate::json::{Members, Text, Value};
use crate::{JwtError, TokenKey, TokenKeys, TokenPolicy};

/// Verifies tokens of one policy. It is a pure function: keys and clock are arguments.
///
/// ```
/// use counterseal_core::{Bound, KeyId, Lifetime, Refusal, Secret, Seed, Span, Time};
/// use counterseal_jwt::{Claims, Minter, TokenAlgorithm, TokenKeys, TokenPolicy, TokenSigner, TokenVerifier};
/// # let now = Time::from_seconds(1_800_000_000);
/// let secret = Secret::new(vec![7; 32]);
/// let signer = TokenSigner::hmac(KeyId::parse("k1")?, TokenAlgorithm::Hs256, &secret)?;
/// let keys = TokenKeys::new([signer.key().clone()])?;
/// let policy = TokenPolicy::access("https://issuer.example", "api")?;
///
/// let life = Lifetime::clamp(Span::from_minutes(5), &[Bound::ceiling("access", Span::from_minutes(30))], now)?;
/// let minter = Minter::new(signer, &policy);
/// let token = minter.mint(&Claims::of("user-7"), &life, &Seed::new([1; 16]))?;
/// let token = core::str::from_utf8(token.expose())?;
///
/// let verifier = TokenVerifier::new(policy);
/// let verified = verifier.verify(token, &keys, now)?;
/// assert_eq!(verified.subject(), "user-7");
///
/// let later = now.plus(Span::from_minutes(6));
/// let refused = verifier.verify(token, &keys, later).err().expect("it is over");
/// assert_eq!(refused.code().name, "jwt_expired");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TokenVerifier {
    policy: TokenPolicy,
}

/// What a genuine token says. There is no other way to its claims.
pub struct VerifiedToken {
    payload: Box<str>,
    key: KeyId,
    subject: Box<str>,
    id: Box<str>,
    issued: Time,
    expires: Time,
}

impl TokenVerifier {
    /// A verifier of this policy.
    pub const fn new(policy: TokenPolicy) -> Self {
        TokenVerifier { policy }
    }

    /// The claims of `token`, if it is genuine, for this audience, and in time.
    ///
    /// # Errors
    ///
    /// The first rule that fails.
    pub fn verify(
        &self,
        token: &str,
        keys: &TokenKeys,
        now: Time,
    ) -> Result<VerifiedToken, JwtError> {
        if token.len() > MOST {
            return Err(JwtError::TooLarge { len: token.len() });
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwtError::Malformed)?;
        if payload.contains('.') || header.len() > MOST_HEADER {
            return Err(JwtError::Malformed);
        }
        let key = self.key_of(header, keys)?;
        let signature = decoded(signature)?;
        let payload = decoded(payload)?;
        key.verify_signature(signed.as_bytes(), &signature)
            .map_err(|_| JwtError::Signature { key: *key.id() })?;
        self.claims(*key.id(), payload, now)
    }

    /// The key that the header names, if the header is one of this profile.
    fn key_of<'k>(&self, header: &str, keys: &'k TokenKeys) -> Result<&'k TokenKey, JwtError> {
        let header = decoded(header)?;
        let header = core::str::from_utf8(&header).map_err(|_| JwtError::Header)?;
        let members = Members::parse(header).map_err(|_| JwtError::Header)?;
        let text = |name: &str| match members.get(name) {
            Some(Value::Text(text)) => text.plain().ok_or(JwtError::Header),
            _ => Err(JwtError::Header),
        };
        if members.iter().count() != 3 {
            return Err(JwtError::Header);
        }
        let (algorithm, id, typ) = (text("alg")?, text("kid")?, text("typ")?);
        if typ != &*self.policy.typ {
            return Err(JwtError::Type);
        }
        let id = KeyId::parse(id).map_err(|_| JwtError::KeyUnknown)?;
        let key = keys.find(&id).ok_or(JwtError::KeyUnknown)?;
        if algorithm != key.algorithm().name() {
            return Err(JwtError::Algorithm { key: id });
        }
        Ok(key)
    }

    fn claims(&self, key: KeyId, payload: Vec<u8>, now: Time) -> Result<VerifiedToken, JwtError> {
        let payload = alloc::string::String::from_utf8(payload);
        let payload = payload
            .map_err(|_| JwtError::Payload { key })?
            .into_boxed_str();
        let claims = Read {
            key,
            members: Members::parse(&payload).map_err(|_| JwtError::Payload { key })?,
        };
        if !claims.text("iss")?.is(&self.policy.issuer) {
            return Err(JwtError::Issuer { key });
        }
        if !claims.is_for(&self.policy.audience)? {
            return Err(JwtError::Audience { key });
        }
        let (issued, expires) = (claims.time("iat")?, claims.time("exp")?);
        self.check_times(key, &claims, issued, expires, now)?;
        let short = |name: &'static str| {
            let said: alloc::string::String = claims.text(name)?.letters().collect();
            if (1..=MOST_NAME).contains(&said.len()) {
                Ok(said.into_boxed_str())
            } else {
                Err(JwtError::Claim { key, name })
            }
        };
        Ok(VerifiedToken {
            subject: short("sub")?,
            id: short("jti")?,
            key,
            issued,
            expires,
            payload,
        })
    }

    /// Valid while `now < exp + leeway` and `now >= nbf - leeway`; issued no later than that, and for no longer than the policy
    /// allows.
    fn check_times(
        &self,
        key: KeyId,
        claims: &Read<'_>,
        issued: Time,
        expires: Time,
        now: Time,
    ) -> Result<(), JwtError> {
        let TokenPolicy { leeway, life, .. } = self.policy;
        let begins = match claims.members.get("nbf") {
            Some(_) => claims.time("nbf")?.max(issued),
            None => issued,
        };
        if now >= expires.plus(leeway) {
            return Err(JwtError::Expired { key, expires, now });
        }
        if now < begins.minus(leeway) {
            return Err(JwtError::NotYetValid {
                key,
                from: begins,
                now,
            });
        }
        if expires.since(issued) > life || expires <= issued {
            return Err(JwtError::Lifetime {
                key,
                issued,
                expires,
            });
        }
        Ok(())
    }
}

impl VerifiedToken {
    /// The key that signed it.
    pub const fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// Whom it is about, `sub`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its own id, `jti`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it was issued, `iat`.
    pub const fn issued(&self) -> Time {
        self.issued
    }

    /// When it is over, `exp`, without leeway.
    pub const fn expires(&self) -> Time {
        self.expires
    }

    /// All claims, as the JSON object that was signed: each name once at every level.
    pub fn payload(&self) -> &str {
        &self.payload
    }
}

/// The claims of a payload whose signature holds.
struct Read<'t> {
    key: KeyId,
    members: Members<'t>,
}

impl<'t> Read<'t> {
    fn value(&self, name: &'static str) -> Result<Value<'t>, JwtError> {
        let key = self.key;
        self.members
            .get(name)
            .ok_or(JwtError::ClaimMissing { key, name })
    }

    fn text(&self, name: &'static str) -> Result<Text<'t>, JwtError> {
        match self.value(name)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong(name)),
        }
    }

    /// Whether the audience is this one or has it in its list; a list has texts only, and one at least.
    fn is_for(&self, audience: &str) -> Result<bool, JwtError> {
        match self.value("aud")? {
            Value::Text(text) => Ok(text.is(audience)),
            Value::List(list) if !list.is_empty() => {
                let mut is_among = false;
                for text in Value::texts(list) {
                    is_among |= text.ok_or(self.wrong("aud"))?.is(audience);
                }
                Ok(is_among)
            }
            _ => Err(self.wrong("aud")),
        }
    }

    /// A time between 1970 and the end of the year 9999, to the millisecond (RFC 7519 section 2, `NumericDate`).
    fn time(&self, name: &'static str) -> Result<Time, JwtError> {
        let Value::Number(number) = self.value(name)? else {
            return Err(self.wrong(name));
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() > 12 || part.len() > 9 || !is_plain(whole) || !is_plain(part) {
            return Err(self.wrong(name));
        }
        let seconds: i64 = whole.parse().map_err(|_| self.wrong(name))?;
        let millis = part
            .bytes()
            .chain(*b"00")
            .take(3)
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        if seconds > LATEST || (seconds, millis) == (0, 0) {
            return Err(self.wrong(name));
        }
        Ok(Time::from_seconds(seconds).plus(Span::from_millis(millis)))
    }

    const fn wrong(&self, name: &'static str) -> JwtError {
        JwtError::Claim {
            key: self.key,
            name,
        }
    }
}

/// A part in its one form: no padding, no bits left over, and something in it.
fn decoded(part: &str) -> Result<Vec<u8>, JwtError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JwtError::Malformed)?;
    if bytes.is_empty() {
        return Err(JwtError::Malformed);
    }
    Ok(bytes)
}

/// The longest token that is read.
pub(crate) const MOST: usize = 8_192;
/// The longest header: 2048 bytes, as text.
const MOST_HEADER: usize = 2_731;
/// The longest `sub` and `jti`.
const MOST_NAME: usize = 255;
/// The last second of the year 9999.
const LATEST: i64 = 253_402_300_799;
