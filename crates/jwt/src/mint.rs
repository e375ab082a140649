//! Minting: a token is made of a lifetime that its bounds agreed to, and of a seed.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Lifetime, Secret, Seed};

use crate::json::{Members, write_text};
use crate::policy::Kind;
use crate::verify::MOST;
use crate::{Audience, Binding, JwtError, JwtSetupError, TokenPolicy, TokenSigner};

/// Mints tokens for one policy with one key.
pub struct Minter {
    signer: TokenSigner,
    policy: TokenPolicy,
    /// The encoded header and the point after it.
    header: Box<str>,
}

/// What a token says beside what its profile has: `iss` (but for JWT-SVIDs), `aud`, `iat`, `nbf`, `exp`, `jti`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    subject: String,
    /// Further members, as JSON, each with its comma before it.
    more: String,
}

impl Claims {
    /// About this subject, and nothing else.
    pub fn of(subject: &str) -> Self {
        Claims {
            subject: subject.into(),
            more: String::new(),
        }
    }

    /// The same at this version of the subject, `user_ver`: once the store has a higher one, the token is worth nothing.
    #[must_use]
    pub fn at_version(self, version: i64) -> Self {
        self.with_number("user_ver", version)
    }

    /// The same in a session that was opened with this registered key, `akid`.
    #[must_use]
    pub fn by_access_key(self, id: &str) -> Self {
        self.with_text("akid", id)
    }

    /// The same in this session, `sid`.
    #[must_use]
    pub fn in_session(self, id: &str) -> Self {
        self.with_text("sid", id)
    }

    /// The same in this generation of the session, `gen`.
    #[must_use]
    pub fn in_generation(self, generation: i64) -> Self {
        self.with_number("gen", generation)
    }

    /// The same, worth something only together with this key, `cnf` (RFC 7800).
    #[must_use]
    pub fn bound_to(mut self, binding: &Binding) -> Self {
        self.member("cnf");
        self.more.push('{');
        write_text(&mut self.more, binding.name());
        self.more.push_str(":\"");
        URL_SAFE_NO_PAD.encode_string(binding.thumbprint(), &mut self.more);
        self.more.push_str("\"}");
        self
    }

    /// The same with a text of this name.
    #[must_use]
    pub fn with_text(mut self, name: &str, value: &str) -> Self {
        self.member(name);
        write_text(&mut self.more, value);
        self
    }

    /// The same with a list of texts of this name.
    #[must_use]
    pub fn with_texts(mut self, name: &str, values: &[&str]) -> Self {
        self.member(name);
        let mut before = '[';
        for value in values {
            self.more.push(before);
            write_text(&mut self.more, value);
            before = ',';
        }
        self.more
            .push_str(if values.is_empty() { "[]" } else { "]" });
        self
    }

    /// The same with a number of this name.
    #[must_use]
    pub fn with_number(mut self, name: &str, value: i64) -> Self {
        self.member(name);
        self.more.push_str(itoa::Buffer::new().format(value));
        self
    }

    /// The same with the members of this JSON object, as a serializer wrote it.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Claim`] when it is no object as verifiers read it.
    pub fn with_members(mut self, object: &str) -> Result<Self, JwtSetupError> {
        Members::parse(object).map_err(|_| JwtSetupError::Claim)?;
        let members = object.trim_ascii();
        let members = members[1..members.len() - 1].trim_ascii();
        if !members.is_empty() {
            self.more.push(',');
            self.more.push_str(members);
        }
        Ok(self)
    }

    fn member(&mut self, name: &str) {
        self.more.push(',');
        write_text(&mut self.more, name);
        self.more.push(':');
    }
}

impl Minter {
    /// Mints with this key for verifiers of this policy.
    pub fn new(signer: TokenSigner, policy: &TokenPolicy) -> Self {
        let header = signer.key().header(&policy.typ).concat();
        let mut encoded = URL_SAFE_NO_PAD.encode(&header);
        encoded.push('.');
        Minter {
            signer,
            policy: policy.clone(),
            header: encoded.into_boxed_str(),
        }
    }

    /// A token with these claims that lives as long as `life` says. Its `jti` is the seed; equal inputs make equal claims.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Claim`] for claims that no verifier would take, such as a subject of no or more than 255 bytes;
    /// [`JwtSetupError::Window`] where the policy allows no such life, [`JwtSetupError::TooLarge`], [`JwtSetupError::NotSigned`]. For
    /// JWT-SVIDs also [`JwtSetupError::Algorithm`], [`JwtSetupError::SpiffeId`], [`JwtSetupError::TrustDomain`].
    pub fn mint(
        &self,
        claims: &Claims,
        life: &Lifetime,
        seed: &Seed<16>,
    ) -> Result<Secret, JwtSetupError> {
        if !self.policy.takes(self.signer.key().algorithm()) {
            return Err(JwtSetupError::Algorithm);
        }
        let (issued, expires) = (life.from().seconds(), life.until().seconds());
        let span = life.until().since(life.from());
        if span > self.policy.life || expires <= issued {
            return Err(JwtSetupError::Window { name: "life" });
        }
        let payload = self.payload(claims, issued, expires, seed);
        // What no verifier would take: a name that is there twice, or one of ours with another type.
        let key = *self.signer.key().id();
        let read = self
            .policy
            .facts(key, &payload, &mut Vec::new(), life.from());
        read.map_err(unfit)?;
        let mut token = Vec::with_capacity(self.header.len() + payload.len() * 4 / 3 + 132);
        token.extend_from_slice(self.header.as_bytes());
        encode(payload.as_bytes(), &mut token);
        let signature = self
            .signer
            .sign(&token)
            .map_err(|_| JwtSetupError::NotSigned)?;
        token.push(b'.');
        encode(signature.as_bytes(), &mut token);
        if token.len() > MOST {
            return Err(JwtSetupError::TooLarge);
        }
        Ok(Secret::new(token))
    }

    //= docs/spec/jwt.md#T-15
    fn payload(&self, claims: &Claims, issued: i64, expires: i64, seed: &Seed<16>) -> String {
        let texts = self.policy.issuer.len() + claims.subject.len() + claims.more.len();
        let names: usize = self
            .policy
            .audience
            .names
            .iter()
            .map(|name| name.len())
            .sum();
        let mut payload = String::with_capacity(texts + names + 160);
        payload.push('{');
        if self.policy.kind != Kind::Svid {
            payload.push_str("\"iss\":");
            write_text(&mut payload, &self.policy.issuer);
            payload.push(',');
        }
        payload.push_str("\"sub\":");
        write_text(&mut payload, &claims.subject);
        payload.push_str(",\"aud\":");
        self.policy.audience.write(&mut payload);
        let mut decimal = itoa::Buffer::new();
        for (name, value) in [("iat", issued), ("nbf", issued), ("exp", expires)] {
            payload.push_str(",\"");
            payload.push_str(name);
            payload.push_str("\":");
            payload.push_str(decimal.format(value));
        }
        payload.push_str(",\"jti\":\"");
        URL_SAFE_NO_PAD.encode_string(seed.expose(), &mut payload);
        payload.push('"');
        payload.push_str(&claims.more);
        payload.push('}');
        payload
    }
}

/// Why no verifier would take such claims, as whoever mints them is told.
const fn unfit(error: JwtError) -> JwtSetupError {
    match error {
        JwtError::SpiffeId { why, .. } => JwtSetupError::SpiffeId(why),
        JwtError::TrustDomain { .. } => JwtSetupError::TrustDomain,
        _ => JwtSetupError::Claim,
    }
}

/// As base64url, at the end of `out`.
fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    let len = base64::encoded_len(bytes.len(), false).expect("less than all of memory");
    out.resize(begin + len, 0);
    let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut out[begin..]);
    written.expect("as long as it says");
}

impl Audience {
    /// A text for one, a list for more (RFC 7519 section 4.1.3).
    fn write(&self, out: &mut String) {
        let [name] = self.names.as_slice() else {
            let mut before = '[';
            for name in &self.names {
                out.push(before);
                write_text(out, name);
                before = ',';
            }
            return out.push(']');
        };
        write_text(out, name);
    }
}
