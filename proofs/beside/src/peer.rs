//! The crate `jsonwebtoken`, told all that it can be told.

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::{AUDIENCE, ISSUER, Key, keys};

/// Its keys by their ids, each with its one algorithm, and what a token must have.
pub struct Peer(Vec<(&'static str, DecodingKey, Validation)>);

impl Default for Peer {
    fn default() -> Self {
        Peer(keys().iter().map(known).collect())
    }
}

impl Peer {
    /// The claims of a token, as a service with these keys asks for them.
    ///
    /// # Errors
    ///
    /// The library's own, and `InvalidToken` where no key has the `kid`, which is for the service to say.
    pub fn verify(&self, token: &str) -> Result<Map<String, Value>, Error> {
        let header = decode_header(token)?;
        let named =
            |(id, ..): &&(&str, DecodingKey, Validation)| header.kid.as_deref() == Some(*id);
        let found = self.0.iter().find(named);
        let (_, key, validation) = found.ok_or(ErrorKind::InvalidToken)?;
        Ok(decode(token, key, validation)?.claims)
    }
}

fn known(key: &Key) -> (&'static str, DecodingKey, Validation) {
    let bytes = key.verifying();
    let (key_of_theirs, algorithm) = match key.algorithm {
        "HS256" => (DecodingKey::from_secret(&bytes), Algorithm::HS256),
        "ES256" => (DecodingKey::from_ec_der(&bytes), Algorithm::ES256),
        _ => (DecodingKey::from_ed_der(&bytes), Algorithm::EdDSA),
    };
    (key.id, key_of_theirs, strictest(algorithm))
}

/// Every setting at its strictest, with our leeway.
pub(crate) fn strictest(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = 30;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation
}
