//! A store with sessions, and who refreshes them.

#![allow(dead_code, clippy::unwrap_used)] // tests: what fails is seen, and each binary uses a part

use counterseal_core::{Load, Refusal, RowOp, Run, Secret, Seed, Span, Subject, Swap, Time, drive};
use counterseal_memory::Memory;
use counterseal_refresh::{
    Confirmation, Holder, How, NewSession, RefreshError, RefreshFamily, RefreshPolicy,
    RefreshSecrets, Refreshed, Refresher, Session, SessionId,
};
use counterseal_testkit::{NOW, WINDOW};

pub(crate) const WEB: Holder<'_> = Holder {
    client: "web",
    bound: None,
};
pub(crate) const NEW: NewSession<'_> = NewSession {
    tenant: "login",
    subject: "ada",
    user_ver: 0,
    client: "web",
    device: "laptop",
    access: "orders:*",
    bound: None,
};

pub(crate) struct World {
    pub(crate) store: Memory,
    pub(crate) refresher: Refresher,
    pub(crate) seed: std::cell::Cell<u8>,
}

pub(crate) type Outcome = Result<Refreshed, RefreshError>;

impl World {
    pub(crate) fn new() -> Self {
        Self::with(policy())
    }

    pub(crate) fn with(policy: RefreshPolicy) -> Self {
        World {
            store: Memory::new(WINDOW, 10, NOW),
            refresher: Refresher::new(policy, secrets()),
            seed: std::cell::Cell::new(1),
        }
    }

    pub(crate) fn drawn(&self) -> u8 {
        self.seed.replace(self.seed.get().wrapping_add(1))
    }

    pub(crate) fn begin(&self, new: &NewSession<'_>, now: Time) -> (SessionId, String) {
        let seed = Seed::new([self.drawn(); 40]);
        let step = self.refresher.begin_session(new, now, &seed).unwrap();
        let begun = drive(&self.store, step).unwrap();
        (begun.session().id, text(begun.token()))
    }

    pub(crate) fn refresh(&self, token: &str, now: Time) -> Outcome {
        self.refresh_as(token, &WEB, now)
    }

    pub(crate) fn refresh_as(&self, token: &str, holder: &Holder<'_>, now: Time) -> Outcome {
        let seed = Seed::new([self.drawn(); 16]);
        let step = self.refresher.refresh(token, holder, now, &seed)?;
        drive(&self.store, step)
    }

    pub(crate) fn mint(&self, token: &str, now: Time) -> Outcome {
        drive(&self.store, self.refresher.mint(token, &WEB, now)?)
    }

    /// The token that follows this one.
    #[track_caller]
    pub(crate) fn rotated(&self, token: &str, now: Time) -> String {
        let refreshed = self.refresh(token, now).unwrap();
        assert_eq!(refreshed.how(), How::Rotated);
        text(refreshed.token().unwrap())
    }

    pub(crate) fn confirm(&self, id: SessionId, generation: u32, now: Time) {
        drive(&self.store, self.refresher.confirm(id, generation, now)).unwrap();
    }

    pub(crate) fn row(&self, id: SessionId) -> RefreshFamily {
        let load = RowOp::Load(Load::new(id.bytes()));
        self.store.run(load).unwrap().unwrap().record
    }

    pub(crate) fn session(&self, id: SessionId) -> Session {
        Session::try_from(self.row(id)).unwrap()
    }

    pub(crate) fn write(&self, id: SessionId, record: RefreshFamily) {
        let load: RowOp<RefreshFamily> = RowOp::Load(Load::new(id.bytes()));
        let expected = self.store.run(load).unwrap().unwrap().version;
        let id = id.bytes();
        let swap = Swap {
            id,
            expected,
            record,
        };
        self.store.run(RowOp::Swap(swap)).unwrap().unwrap();
    }

    pub(crate) fn subject(&self, user_ver: i64, disabled: Option<Time>) {
        let mut record = Subject::new("login", "ada", NOW);
        record.user_ver = user_ver;
        record.disabled = disabled;
        let id = record.row();
        let load: RowOp<Subject> = RowOp::Load(Load::new(id));
        let expected = self.store.run(load).unwrap().map_or(0, |row| row.version);
        let swap = Swap {
            id,
            expected,
            record,
        };
        self.store.run(RowOp::Swap(swap)).unwrap().unwrap();
    }
}

pub(crate) fn policy() -> RefreshPolicy {
    let policy = RefreshPolicy::new(Confirmation::Wired { within: DAY }).unwrap();
    policy.with_window(Span::from_seconds(20)).unwrap()
}

pub(crate) fn secrets() -> RefreshSecrets {
    RefreshSecrets::signing(7, &secret(7)).unwrap()
}

pub(crate) fn secret(byte: u8) -> Secret {
    Secret::new(vec![byte; 32])
}

pub(crate) fn text(token: &Secret) -> String {
    String::from_utf8(token.expose().to_vec()).unwrap()
}

#[track_caller]
pub(crate) fn refused(outcome: Outcome) -> (&'static str, bool) {
    let error = outcome.err().unwrap();
    (error.code().name, error.clears_cookies())
}

/// Seconds after the session began.
pub(crate) fn at(seconds: i64) -> Time {
    NOW.plus(Span::from_seconds(seconds))
}

pub(crate) const DAY: Span = Span::from_minutes(24 * 60);
