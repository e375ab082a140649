//! A key of a ring at rest: its public part, and a seal that only the issuer can make.

use alloc::vec::Vec;

use counterseal_core::{Algorithm, PrivateKey, PublicKey, SealKey, Secret, Seed, Signatures};

use crate::{JwtSetupError, PublicJwk, RingError, TokenKey, TokenSigner};

/// A key as it is stored. What is sealed is its private part, or nothing where the host keeps that elsewhere.
///
/// The seal binds it to its issuer, algorithm and thumbprint. A key without a seal is not published, so that whoever can write the
/// table, and does not have the sealing key, cannot add a key of their own.
#[derive(Clone, Debug)]
pub(crate) struct RingKey {
    pub(crate) jwk: PublicJwk,
    pub(crate) sealed: Vec<u8>,
}

/// A key whose seal was opened.
pub(crate) struct OpenKey {
    pub(crate) jwk: PublicJwk,
    pub(crate) key: TokenKey,
    pub(crate) signer: Option<TokenSigner>,
}

impl RingKey {
    /// A key that is stored with its private part.
    pub(crate) fn private(
        issuer: &str,
        key: &PrivateKey,
        library: &dyn Signatures,
        sealer: &SealKey,
        seed: &Seed<12>,
    ) -> Result<Self, JwtSetupError> {
        let algorithm = key.algorithm();
        let sign = library.sign_key(algorithm, key);
        let sign = sign.map_err(JwtSetupError::PublicKey)?;
        let jwk = PublicJwk::new(algorithm, sign.public_key())?;
        Ok(RingKey {
            sealed: sealer.seal(key.secret(), &context(issuer, &jwk), seed),
            jwk,
        })
    }

    /// A key whose private part stays where it is.
    pub(crate) fn public(
        issuer: &str,
        algorithm: Algorithm,
        key: &PublicKey,
        sealer: &SealKey,
        seed: &Seed<12>,
    ) -> Result<Self, JwtSetupError> {
        let jwk = PublicJwk::new(algorithm, key)?;
        let nothing = Secret::new(Vec::new());
        Ok(RingKey {
            sealed: sealer.seal(&nothing, &context(issuer, &jwk), seed),
            jwk,
        })
    }

    pub(crate) fn open(
        &self,
        issuer: &str,
        library: &dyn Signatures,
        sealer: &SealKey,
    ) -> Result<OpenKey, RingError> {
        let secret = sealer.open(&self.sealed, &context(issuer, &self.jwk));
        let secret = secret.map_err(|_| RingError::Sealed)?;
        let key = TokenKey::from_jwk(self.jwk.text(), library).map_err(|_| RingError::Broken)?;
        let mut open = OpenKey {
            jwk: self.jwk.clone(),
            key,
            signer: None,
        };
        if !secret.expose().is_empty() {
            let pair = PrivateKey::pair(secret, self.jwk.key().clone());
            open.hold(&pair.map_err(|_| RingError::Broken)?, library)?;
        }
        Ok(open)
    }
}

impl OpenKey {
    /// Signs with this private part, if it is its own.
    pub(crate) fn hold(
        &mut self,
        key: &PrivateKey,
        library: &dyn Signatures,
    ) -> Result<(), RingError> {
        let signer = TokenSigner::private(*self.jwk.id(), key, library);
        let signer = signer.map_err(|_| RingError::Broken)?;
        self.signer = Some(signer);
        Ok(())
    }
}

/// What the seal is bound to; each text after its length.
fn context(issuer: &str, jwk: &PublicJwk) -> Vec<u8> {
    let mut context = Vec::from(*b"counterseal/signing-key/1");
    for part in [issuer, jwk.algorithm().name(), jwk.id().as_str()] {
        context.extend((part.len() as u64).to_be_bytes());
        context.extend(part.as_bytes());
    }
    context
}

impl AsRef<PublicJwk> for RingKey {
    fn as_ref(&self) -> &PublicJwk {
        &self.jwk
    }
}

impl AsRef<PublicJwk> for OpenKey {
    fn as_ref(&self) -> &PublicJwk {
        &self.jwk
    }
}

impl PartialEq for RingKey {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}

impl Eq for RingKey {}

impl PartialEq for OpenKey {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}
