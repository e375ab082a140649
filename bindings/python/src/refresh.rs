//! Sessions that go on by refresh tokens.

use std::borrow::Cow;

use counterseal_shared::{
    self as shared, HolderMembers, NewSessionMembers, Problem, RefreshMembers,
    RefreshSecretMembers, WhichMembers, guard,
};
use pyo3::prelude::*;

use crate::args::{self, Any, Maybe, bytes, given, int, items, maybe_int, maybe_text, text};
use crate::errors::Guarded;
use crate::waiting::Waiting;

/// Begins, refreshes, confirms, ends and lists sessions of one kind of client.
#[pyclass(frozen, module = "counterseal.refresh")]
pub(crate) struct Refresher(shared::Refresher);

/// What a holder of a session gets. Its token stands in no text and no pickle of this object.
#[pyclass(frozen, module = "counterseal.refresh")]
pub(crate) struct Refreshed(pub(crate) Box<shared::Refreshed>);

/// A session. Times are milliseconds since 1970.
#[pyclass(frozen, module = "counterseal.refresh")]
pub(crate) struct Session(pub(crate) shared::Session);

#[pymethods]
impl Refresher {
    /// A policy, and the secrets behind the tokens: each a pair of its number and its 32 bytes or more.
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (*, confirmation, within_seconds, signing, verifying=None, detecting=None, window_seconds=None, retries=None,
        idle_seconds=None, absolute_seconds=None, skew_seconds=None, on_reuse=None, binding=None))]
    fn new(
        confirmation: &Any<'_>,
        within_seconds: &Any<'_>,
        signing: &Any<'_>,
        verifying: Maybe<'_>,
        detecting: Maybe<'_>,
        window_seconds: Maybe<'_>,
        retries: Maybe<'_>,
        idle_seconds: Maybe<'_>,
        absolute_seconds: Maybe<'_>,
        skew_seconds: Maybe<'_>,
        on_reuse: Maybe<'_>,
        binding: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Refresher.__new__", || {
            let (on_reuse, binding) = (
                maybe_text("on_reuse", &on_reuse)?,
                maybe_text("binding", &binding)?,
            );
            let members = RefreshMembers {
                confirmation: text("confirmation", confirmation)?,
                within_seconds: int("within_seconds", within_seconds, i64::MIN, i64::MAX)?,
                window_seconds: maybe_int("window_seconds", &window_seconds)?,
                retries: maybe_int("retries", &retries)?,
                idle_seconds: maybe_int("idle_seconds", &idle_seconds)?,
                absolute_seconds: maybe_int("absolute_seconds", &absolute_seconds)?,
                skew_seconds: maybe_int("skew_seconds", &skew_seconds)?,
                on_reuse: on_reuse.as_deref(),
                binding: binding.as_deref(),
            };
            let signing = pair("signing", signing)?;
            let verifying = pairs("verifying", &verifying)?;
            let detecting = pairs("detecting", &detecting)?;
            let secrets = RefreshSecretMembers {
                signing: signing.numbered("signing")?,
                verifying: numbered("verifying", &verifying)?,
                detecting: numbered("detecting", &detecting)?,
            };
            Ok(Refresher(shared::Refresher::new(&members, &secrets)?))
        })
    }

    /// Begins a session, after its holder has logged in. `seed` is 40 random bytes, never used twice.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (tenant, subject, *, client, user_ver, device=None, access=None, device_secret=None, key=None, now=None, seed=None))]
    fn begin_session(
        &self,
        py: Python<'_>,
        tenant: &Any<'_>,
        subject: &Any<'_>,
        client: &Any<'_>,
        user_ver: &Any<'_>,
        device: Maybe<'_>,
        access: Maybe<'_>,
        device_secret: Maybe<'_>,
        key: Maybe<'_>,
        now: Maybe<'_>,
        seed: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Refresher.begin_session", || {
            let (device, access) = (
                maybe_text("device", &device)?,
                maybe_text("access", &access)?,
            );
            let new = NewSessionMembers {
                tenant: text("tenant", tenant)?,
                subject: text("subject", subject)?,
                user_ver: int("user_ver", user_ver, i64::MIN, i64::MAX)?,
                device: device.as_deref(),
                access: access.as_deref(),
            };
            let shown = Shown::of(&device_secret, &key)?;
            let holder = shown.holder(text("client", client)?);
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 40)?);
            Ok(Waiting(self.0.begin_session(&new, &holder, now, &seed)?))
        })
    }

    /// Begins to refresh with this token. Give its answer to the client, who stores it before it uses the access token. `seed` is 16 random
    /// bytes, never used twice.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (token, *, client, device_secret=None, key=None, now=None, seed=None))]
    fn refresh(
        &self,
        py: Python<'_>,
        token: &Any<'_>,
        client: &Any<'_>,
        device_secret: Maybe<'_>,
        key: Maybe<'_>,
        now: Maybe<'_>,
        seed: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Refresher.refresh", || {
            let shown = Shown::of(&device_secret, &key)?;
            let holder = shown.holder(text("client", client)?);
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 16)?);
            Ok(Waiting(self.0.refresh(
                text("token", token)?,
                &holder,
                now,
                &seed,
            )?))
        })
    }

    /// Begins to ask for an access token without rotating, where the client cannot store what it would be given.
    #[pyo3(signature = (token, *, client, device_secret=None, key=None, now=None))]
    fn mint(
        &self,
        py: Python<'_>,
        token: &Any<'_>,
        client: &Any<'_>,
        device_secret: Maybe<'_>,
        key: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Refresher.mint", || {
            let shown = Shown::of(&device_secret, &key)?;
            let holder = shown.holder(text("client", client)?);
            Ok(Waiting(self.0.mint(
                text("token", token)?,
                &holder,
                args::now(py, &now)?,
            )?))
        })
    }

    /// Looks at what `refresh` would do with this token, and writes nothing. Ends in text for your log, also where the token would be refused:
    /// each check with what it compared. Do not send it to the client.
    #[pyo3(signature = (token, *, client, device_secret=None, key=None, now=None))]
    fn explain(
        &self,
        py: Python<'_>,
        token: &Any<'_>,
        client: &Any<'_>,
        device_secret: Maybe<'_>,
        key: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Refresher.explain", || {
            let shown = Shown::of(&device_secret, &key)?;
            let holder = shown.holder(text("client", client)?);
            Ok(Waiting(self.0.explain(
                text("token", token)?,
                &holder,
                args::now(py, &now)?,
            )?))
        })
    }

    /// Confirms that the client has stored the token of this generation: when an access token of it comes from the client's own store in a
    /// later request.
    #[pyo3(signature = (session, generation, *, now=None))]
    fn confirm(
        &self,
        py: Python<'_>,
        session: &Any<'_>,
        generation: &Any<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Refresher.confirm", || {
            let generation = int("generation", generation, i64::MIN, i64::MAX)?;
            let session = text("session", session)?;
            Ok(Waiting(self.0.confirm(
                session,
                generation,
                args::now(py, &now)?,
            )?))
        })
    }

    /// Ends a session: its holder logs out.
    #[pyo3(signature = (session, *, now=None))]
    fn log_out(&self, py: Python<'_>, session: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("Refresher.log_out", || {
            Ok(Waiting(self.0.log_out(
                text("session", session)?,
                args::now(py, &now)?,
            )?))
        })
    }

    /// Ends a session: its holder does, from another device, or an operator.
    #[pyo3(signature = (session, *, now=None))]
    fn revoke(&self, py: Python<'_>, session: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("Refresher.revoke", || {
            Ok(Waiting(
                self.0
                    .revoke(text("session", session)?, args::now(py, &now)?)?,
            ))
        })
    }

    /// Ends sessions of a subject, and ends in their number: all, all `but` one, those of a `client`, or those of a `device`.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (tenant, subject, *, but=None, client=None, device=None, now=None))]
    fn revoke_all(
        &self,
        py: Python<'_>,
        tenant: &Any<'_>,
        subject: &Any<'_>,
        but: Maybe<'_>,
        client: Maybe<'_>,
        device: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Refresher.revoke_all", || {
            let (but, client) = (maybe_text("but", &but)?, maybe_text("client", &client)?);
            let device = maybe_text("device", &device)?;
            let which = WhichMembers {
                but: but.as_deref(),
                client: client.as_deref(),
                device: device.as_deref(),
            };
            let (tenant, subject) = (text("tenant", tenant)?, text("subject", subject)?);
            Ok(Waiting(self.0.revoke_all(
                tenant,
                subject,
                &which,
                args::now(py, &now)?,
            )?))
        })
    }

    /// Lists the sessions of a subject that are not over, the one that was used last first.
    #[pyo3(signature = (tenant, subject, *, now=None))]
    fn sessions(
        &self,
        py: Python<'_>,
        tenant: &Any<'_>,
        subject: &Any<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Refresher.sessions", || {
            let (tenant, subject) = (text("tenant", tenant)?, text("subject", subject)?);
            Ok(Waiting(self.0.sessions(
                tenant,
                subject,
                args::now(py, &now)?,
            )?))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Refresher.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl Refreshed {
    /// The session, as it is now.
    #[getter]
    fn session(&self) -> Guarded<Session> {
        guard("Refreshed.session", || {
            Ok(Session(self.0.session().clone()))
        })
    }

    /// How the token was answered.
    #[getter]
    fn how(&self) -> Guarded<&str> {
        guard("Refreshed.how", || Ok(self.0.how()))
    }

    /// The refresh token that the client stores; None where it keeps the one that it has.
    #[getter]
    fn token(&self) -> Guarded<Option<&str>> {
        guard("Refreshed.token", || Ok(self.0.token()))
    }

    /// Whether somebody may follow with a copy: tell an operator.
    #[getter]
    fn is_followed(&self) -> Guarded<bool> {
        guard("Refreshed.is_followed", || Ok(self.0.is_followed()))
    }

    /// The answer as one line of JSON for the audit log.
    #[getter]
    fn event(&self) -> Guarded<&str> {
        guard("Refreshed.event", || Ok(self.0.event()))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("Refreshed.__repr__", || {
            Ok(format!(
                "<Refreshed {} session {}>",
                self.0.how(),
                self.0.session().id()
            ))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Refreshed.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl Session {
    /// Its id: the `sid` of its access tokens.
    #[getter]
    fn id(&self) -> Guarded<&str> {
        guard("Session.id", || Ok(self.0.id()))
    }

    /// Whose subject.
    #[getter]
    fn tenant(&self) -> Guarded<&str> {
        guard("Session.tenant", || Ok(self.0.tenant()))
    }

    /// Whose it is.
    #[getter]
    fn subject(&self) -> Guarded<&str> {
        guard("Session.subject", || Ok(self.0.subject()))
    }

    /// The subject's version when it began; its access tokens carry it.
    #[getter]
    fn user_ver(&self) -> Guarded<i64> {
        guard("Session.user_ver", || Ok(self.0.user_ver()))
    }

    /// Which client's.
    #[getter]
    fn client(&self) -> Guarded<&str> {
        guard("Session.client", || Ok(self.0.client()))
    }

    /// What its holder calls the device.
    #[getter]
    fn device(&self) -> Guarded<&str> {
        guard("Session.device", || Ok(self.0.device()))
    }

    /// What it grants.
    #[getter]
    fn access(&self) -> Guarded<&str> {
        guard("Session.access", || Ok(self.0.access()))
    }

    /// What it is bound to.
    #[getter]
    fn bound_by(&self) -> Guarded<Option<&str>> {
        guard("Session.bound_by", || Ok(self.0.bound_by()))
    }

    /// How many refresh tokens came before the newest; its access tokens carry it.
    #[getter]
    fn generation(&self) -> Guarded<u32> {
        guard("Session.generation", || Ok(self.0.generation()))
    }

    /// When it began.
    #[getter]
    fn began(&self) -> Guarded<i64> {
        guard("Session.began", || Ok(self.0.began()))
    }

    /// When its newest token was made.
    #[getter]
    fn used(&self) -> Guarded<i64> {
        guard("Session.used", || Ok(self.0.used()))
    }

    /// When it is over unless it is used.
    #[getter]
    fn idle_end(&self) -> Guarded<i64> {
        guard("Session.idle_end", || Ok(self.0.idle_end()))
    }

    /// When it is over.
    #[getter]
    fn absolute_end(&self) -> Guarded<i64> {
        guard("Session.absolute_end", || Ok(self.0.absolute_end()))
    }

    /// How it ended, if it did before.
    #[getter]
    fn ended_by(&self) -> Guarded<Option<&str>> {
        guard("Session.ended_by", || Ok(self.0.ended_by()))
    }

    /// When it did.
    #[getter]
    fn ended(&self) -> Guarded<Option<i64>> {
        guard("Session.ended", || Ok(self.0.ended()))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("Session.__repr__", || {
            Ok(format!(
                "<Session {} generation {}>",
                self.0.id(),
                self.0.generation()
            ))
        })
    }
}

/// What a text says that it is, if it has the form of a refresh token: number of the secret, session and generation, as text for people.
/// Nothing is checked, and neither its own secret nor its tag is shown.
#[pyfunction]
pub(crate) fn inspect_refresh_token(token: &Any<'_>) -> Guarded<String> {
    guard("inspect_refresh_token", || {
        Ok(shared::inspect_refresh_token(text("token", token)?))
    })
}

/// What a client has shown to have.
struct Shown<'a> {
    device_secret: Option<Cow<'a, [u8]>>,
    key: Option<Cow<'a, [u8]>>,
}

impl<'a> Shown<'a> {
    fn of(device_secret: &'a Maybe<'_>, key: &'a Maybe<'_>) -> Guarded<Self> {
        let of = |name, value| given(value).map(|value| bytes(name, value)).transpose();
        Ok(Shown {
            device_secret: of("device_secret", device_secret)?,
            key: of("key", key)?,
        })
    }

    fn holder<'h>(&'h self, client: &'h str) -> HolderMembers<'h> {
        HolderMembers {
            client,
            device_secret: self.device_secret.as_deref(),
            key: self.key.as_deref(),
        }
    }
}

/// A secret with its number.
struct Pair<'py>(Vec<Any<'py>>);

impl Pair<'_> {
    fn numbered(&self, name: &'static str) -> Guarded<(i64, Cow<'_, [u8]>)> {
        let [number, secret] = &self.0[..] else {
            return Err(args::wrong(name, PAIR).into());
        };
        Ok((int(name, number, i64::MIN, i64::MAX)?, bytes(name, secret)?))
    }
}

fn pair<'py>(name: &'static str, value: &Any<'py>) -> Guarded<Pair<'py>> {
    Ok(Pair(items(name, value)?))
}

fn pairs<'py>(name: &'static str, value: &Maybe<'py>) -> Guarded<Vec<Pair<'py>>> {
    let Some(value) = given(value) else {
        return Ok(Vec::new());
    };
    items(name, value)?
        .iter()
        .map(|value| pair(name, value))
        .collect()
}

fn numbered<'a>(name: &'static str, pairs: &'a [Pair<'_>]) -> Guarded<Vec<(i64, Cow<'a, [u8]>)>> {
    pairs.iter().map(|pair| pair.numbered(name)).collect()
}

const PAIR: &str = "pair of a number and bytes";
