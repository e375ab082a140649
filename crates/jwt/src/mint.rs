//! Minting: a token is made of a lifetime that its bounds agreed to, and of a seed.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Lifetime, Secret, Seed};

use crate::json::Members;
use crate::policy::text;
use crate::verify::MOST;
use crate::{JwtSetupError, TokenPolicy, TokenSigner};

/// Mints tokens for one policy with one key.
pub struct Minter {
    signer: TokenSigner,
    policy: TokenPolicy,
    /// The encoded header and the point after it.
    header: Box<str>,
}

/// What a token says beside what its profile has: `iss`, `aud`, `iat`, `nbf`, `exp`, `jti`.
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

    /// The same with a text of this name.
    #[must_use]
    pub fn with_text(mut self, name: &str, value: &str) -> Self {
        self.member(name);
        write_text(&mut self.more, value);
        self
    }

    /// The same with a number of this name.
    #[must_use]
    pub fn with_number(mut self, name: &str, value: i64) -> Self {
        self.member(name);
        self.more.push_str(itoa::Buffer::new().format(value));
        self
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
        let mut header = String::from("{\"alg\":");
        write_text(&mut header, signer.key().algorithm().name());
        header.push_str(",\"kid\":");
        write_text(&mut header, signer.key().id().as_str());
        header.push_str(",\"typ\":");
        write_text(&mut header, &policy.typ);
        header.push('}');
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
    /// [`JwtSetupError::Claim`], [`JwtSetupError::Text`] for a subject of no or more than 255 bytes, [`JwtSetupError::Window`] where
    /// the policy allows no such life, [`JwtSetupError::TooLarge`], [`JwtSetupError::NotSigned`].
    pub fn mint(
        &self,
        claims: &Claims,
        life: &Lifetime,
        seed: &Seed<16>,
    ) -> Result<Secret, JwtSetupError> {
        let (issued, expires) = (life.from().seconds(), life.until().seconds());
        let span = life.until().since(life.from());
        if span > self.policy.life || expires <= issued {
            return Err(JwtSetupError::Window { name: "life" });
        }
        if claims.subject.len() > 255 {
            return Err(JwtSetupError::Text { name: "subject" });
        }
        text("subject", &claims.subject)?;
        let payload = self.payload(claims, issued, expires, seed);
        // A name of the profile's that is there again would be refused by every verifier.
        Members::parse(&payload).map_err(|_| JwtSetupError::Claim)?;
        let mut token = String::with_capacity(self.header.len() + payload.len() * 4 / 3 + 132);
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        let signature = self
            .signer
            .sign(token.as_bytes())
            .map_err(|_| JwtSetupError::NotSigned)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_bytes(), &mut token);
        if token.len() > MOST {
            return Err(JwtSetupError::TooLarge);
        }
        Ok(Secret::new(Vec::from(token)))
    }

    fn payload(&self, claims: &Claims, issued: i64, expires: i64, seed: &Seed<16>) -> String {
        let mut payload = String::from("{\"iss\":");
        write_text(&mut payload, &self.policy.issuer);
        payload.push_str(",\"sub\":");
        write_text(&mut payload, &claims.subject);
        payload.push_str(",\"aud\":");
        write_text(&mut payload, &self.policy.audience);
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

/// A JSON text (RFC 8259 section 7).
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}
