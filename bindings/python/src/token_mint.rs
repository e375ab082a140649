//! Policies of tokens, and minting.

use counterseal_shared::{
    self as shared, Binding, MAX_TIME, Problem, TokenClaims, TokenPolicyMembers, guard,
};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::args::{self, Any, Maybe, bytes, given, int, maybe_int, maybe_text, text, texts};
use crate::errors::Guarded;
use crate::token_keys::TokenSigner;
use crate::token_ring::ring;

/// What a verifier demands of a token, and what a minter writes.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct TokenPolicy(pub(crate) shared::TokenPolicy);

/// Mints tokens with one key, or with whichever key of a ring signs, for verifiers of one policy.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct TokenMinter(shared::TokenMinter);

/// A token that was minted. It stands in no text and no pickle of this object.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct Minted(shared::Minted);

#[pymethods]
impl TokenPolicy {
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (profile, *, issuer, audience, match_audience=None, typ=None, leeway_seconds=None, life_seconds=None))]
    fn new(
        profile: &Any<'_>,
        issuer: &Any<'_>,
        audience: Any<'_>,
        match_audience: Maybe<'_>,
        typ: Maybe<'_>,
        leeway_seconds: Maybe<'_>,
        life_seconds: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("TokenPolicy.__new__", || {
            let policy = shared::TokenPolicy::new(&TokenPolicyMembers {
                profile: text("profile", profile)?.into(),
                issuer: text("issuer", issuer)?.into(),
                audience: names(audience)?,
                match_audience: maybe_text("match_audience", &match_audience)?,
                typ: maybe_text("typ", &typ)?,
                leeway_seconds: maybe_int("leeway_seconds", &leeway_seconds)?,
                life_seconds: maybe_int("life_seconds", &life_seconds)?,
            })?;
            Ok(TokenPolicy(policy))
        })
    }

    #[getter]
    fn issuer(&self) -> Guarded<&str> {
        guard("TokenPolicy.issuer", || Ok(self.0.issuer()))
    }
}

#[pymethods]
impl TokenMinter {
    #[new]
    fn new(signer: &Any<'_>, policy: &Any<'_>) -> Guarded<Self> {
        guard("TokenMinter.__new__", || {
            let policy = token_policy(policy)?;
            if let Some(ring) = ring(signer) {
                return Ok(TokenMinter(shared::TokenMinter::of_ring(&ring, &policy)?));
            }
            let wrong = |_| args::wrong("signer", "TokenSigner or TokenRing");
            let signer = signer.cast::<TokenSigner>().map_err(wrong)?;
            let minter = shared::TokenMinter::new(&signer.get().0, &policy);
            Ok(TokenMinter(minter))
        })
    }

    /// A token about `subject`. `seed` is 16 random bytes, never used twice; times are milliseconds since 1970.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (subject, *, life_seconds, until=None, user_ver=None, access_key=None, session=None, generation=None,
        certificate=None, key=None, claims=None, now=None, seed=None))]
    fn mint(
        &self,
        py: Python<'_>,
        subject: &Any<'_>,
        life_seconds: &Any<'_>,
        until: Maybe<'_>,
        user_ver: Maybe<'_>,
        access_key: Maybe<'_>,
        session: Maybe<'_>,
        generation: Maybe<'_>,
        certificate: Maybe<'_>,
        key: Maybe<'_>,
        claims: Maybe<'_>,
        now: Maybe<'_>,
        seed: Maybe<'_>,
    ) -> Guarded<Minted> {
        guard("TokenMinter.mint", || {
            let members = members(py, &claims)?;
            let until = given(&until).map(|value| int("until", value, 0, MAX_TIME));
            let life = int("life_seconds", life_seconds, i64::MIN, i64::MAX)?;
            let text_of = |name, value| given(value).map(|value| text(name, value)).transpose();
            let claims = TokenClaims {
                subject: text("subject", subject)?,
                user_ver: maybe_int("user_ver", &user_ver)?,
                access_key: text_of("access_key", &access_key)?,
                session: text_of("session", &session)?,
                generation: maybe_int("generation", &generation)?,
                binding: binding(&certificate, &key)?,
                members: members.as_deref(),
            };
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 16)?);
            let minted = self.0.mint(&claims, life, until.transpose()?, now, &seed)?;
            Ok(Minted(minted))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("TokenMinter.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl Minted {
    #[getter]
    fn token(&self) -> Guarded<&str> {
        guard("Minted.token", || Ok(self.0.token()))
    }

    /// When it is over, in milliseconds.
    #[getter]
    fn expires(&self) -> Guarded<i64> {
        guard("Minted.expires", || Ok(self.0.expires()))
    }

    /// What decided how long it lives: `asked`, `policy`, `ring` or `until`.
    #[getter]
    fn decided_by(&self) -> Guarded<&str> {
        guard("Minted.decided_by", || Ok(self.0.decided_by()))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("Minted.__repr__", || {
            Ok(format!("<Minted until {}>", self.0.expires()))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Minted.__reduce__", || Err(Problem::secret_copied().into()))
    }
}

pub(crate) fn token_policy(policy: &Any<'_>) -> Guarded<shared::TokenPolicy> {
    let wrong = |_| args::wrong("policy", "TokenPolicy");
    Ok(policy.cast::<TokenPolicy>().map_err(wrong)?.get().0.clone())
}

/// The thumbprint of a certificate, or of a key.
pub(crate) fn binding(certificate: &Maybe<'_>, key: &Maybe<'_>) -> Guarded<Option<Binding>> {
    let of = |name, value| given(value).map(|value| bytes(name, value)).transpose();
    let (certificate, key) = (of("certificate", certificate)?, of("key", key)?);
    Ok(Binding::maybe(certificate.as_deref(), key.as_deref())?)
}

/// One name, or a list or tuple of them.
fn names(audience: Any<'_>) -> Guarded<Vec<String>> {
    if audience.is_instance_of::<PyString>() {
        return Ok(vec![text("audience", &audience)?.into()]);
    }
    texts("audience", &Some(audience))
}

/// Further claims: JSON text, or what `json.dumps` makes it of.
fn members(py: Python<'_>, claims: &Maybe<'_>) -> Guarded<Option<String>> {
    let Some(claims) = given(claims) else {
        return Ok(None);
    };
    if let Ok(json) = text("claims", claims) {
        return Ok(Some(json.into()));
    }
    let json = py.import("json")?.call_method1("dumps", (claims,));
    let json = json.map_err(|_| args::wrong("claims", "dict that json.dumps can write"))?;
    Ok(Some(json.extract()?))
}
