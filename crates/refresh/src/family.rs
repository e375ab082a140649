//! What a store keeps of a session: one row, however often it was rotated, and nothing in it that is good for anything.

use alloc::string::String;
use alloc::vec::Vec;

use counterseal_core::{
    BadRow, Column, Columns, Kind, Links, Record, Span, Subject, Table, Time, same_bytes,
};

use crate::decide::{Chain, End, Place};
use crate::secrets::{Pepper, RefreshSecrets};
use crate::session::{Bound, NewSession};
use crate::token::RefreshToken;

/// A session as stored: the family of all refresh tokens that were made from one login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshFamily {
    pub(crate) id: [u8; 16],
    pub(crate) tenant: String,
    pub(crate) subject: String,
    subject_row: [u8; 16],
    pub(crate) client: String,
    pub(crate) device: String,
    pub(crate) access: String,
    bound: Vec<u8>,
    pub(crate) user_ver: i64,
    pub(crate) born: Time,
    pub(crate) absolute_end: Time,
    sealed_by: i64,
    seal: Vec<u8>,
    generation: i64,
    current: Vec<u8>,
    current_by: i64,
    parent: Vec<u8>,
    salt: [u8; 16],
    rotated_at: Time,
    window_at: Time,
    confirmed: i64,
    retries: i64,
    late: i64,
    followed: i64,
    idle_end: Time,
    end: i64,
    ended_at: Option<Time>,
    gone_at: Time,
}

impl RefreshFamily {
    /// The row of a session that begins now.
    pub(crate) fn begun(
        new: &NewSession<'_>,
        ends: (Time, Time),
        token: &RefreshToken,
        pepper: &Pepper,
        now: Time,
    ) -> Self {
        let (idle_end, absolute_end) = ends;
        let mut family = RefreshFamily {
            id: token.session,
            tenant: new.tenant.into(),
            subject: new.subject.into(),
            subject_row: Subject::row_of(new.tenant, new.subject),
            client: new.client.into(),
            device: new.device.into(),
            access: new.access.into(),
            bound: new.bound.map_or_else(Vec::new, Bound::to_bytes),
            user_ver: new.user_ver,
            born: now,
            absolute_end,
            sealed_by: pepper.number.into(),
            current: token.row_mac(pepper).to_vec(),
            current_by: pepper.number.into(),
            gone_at: absolute_end.plus(KEPT),
            ..Self::blank()
        };
        family.seal = family.sealed(pepper).to_vec();
        family.set_chain(&Chain::begun(idle_end, now));
        family
    }

    /// Of what never changes.
    //= docs/spec/refresh.md#S-6
    fn sealed(&self, pepper: &Pepper) -> [u8; 32] {
        let mut sealed = Vec::with_capacity(LONG);
        sealed.extend(b"csrt1/seal");
        let texts = [
            &self.tenant,
            &self.subject,
            &self.client,
            &self.device,
            &self.access,
        ];
        let parts = texts.iter().map(|text| text.as_bytes());
        for part in parts.chain([&self.id[..], &self.subject_row, &self.bound]) {
            sealed.extend((part.len() as u64).to_be_bytes());
            sealed.extend(part);
        }
        let numbers = [
            self.user_ver,
            self.born.millis(),
            self.absolute_end.millis(),
            self.sealed_by,
        ];
        sealed.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        pepper.seal.tag(&sealed)
    }

    /// Whether what never changes is as it was written; none without its secret.
    //= docs/spec/refresh.md#S-6
    pub(crate) fn is_genuine(&self, secrets: &RefreshSecrets) -> Option<bool> {
        let pepper = secrets.find(u8::try_from(self.sealed_by).ok()?)?;
        Some(is_same(&self.seal, &self.sealed(pepper)))
    }

    /// The number of the secret whose seal it has.
    pub(crate) const fn sealed_by(&self) -> i64 {
        self.sealed_by
    }

    /// Where the token of this MAC stands.
    //= docs/spec/refresh.md#S-5
    pub(crate) fn place(&self, token: &RefreshToken, row_mac: &[u8; 32]) -> Place {
        let generation = i64::from(token.generation);
        if generation > self.generation {
            return Place::Newer;
        }
        if generation == self.generation {
            return if self.is_newest(row_mac) {
                Place::Current
            } else {
                Place::Newer
            };
        }
        let is_parent = generation + 1 == self.generation && is_same(&self.parent, row_mac);
        if is_parent {
            Place::Parent
        } else {
            Place::Older
        }
    }

    /// What the session is bound to, if anything.
    pub(crate) fn bound(&self) -> Result<Option<Bound>, BadRow> {
        if self.bound.is_empty() {
            return Ok(None);
        }
        Bound::from_bytes(&self.bound)
            .ok_or(BadRow("bound"))
            .map(Some)
    }

    pub(crate) fn chain(&self) -> Result<Chain, BadRow> {
        let ended = match (self.end, self.ended_at) {
            (0, None) => None,
            (end, Some(at)) => Some((end_of(end).ok_or(BadRow("end"))?, at)),
            _ => return Err(BadRow("ended_at")),
        };
        Ok(Chain {
            generation: u32::try_from(self.generation).map_err(|_| BadRow("generation"))?,
            rotated_at: self.rotated_at,
            window_at: self.window_at,
            confirmed: self.confirmed != 0,
            retries: self.retries,
            late: self.late,
            followed: self.followed,
            idle_end: self.idle_end,
            ended,
        })
    }

    pub(crate) fn set_chain(&mut self, chain: &Chain) {
        self.generation = chain.generation.into();
        self.rotated_at = chain.rotated_at;
        self.window_at = chain.window_at;
        self.confirmed = chain.confirmed.into();
        self.retries = chain.retries;
        self.late = chain.late;
        self.followed = chain.followed;
        self.idle_end = chain.idle_end;
        self.end = chain.ended.map_or(0, |(end, _)| number_of(end));
        self.ended_at = chain.ended.map(|(_, at)| at);
    }

    /// Whether the newest token is the one of this MAC.
    pub(crate) fn is_newest(&self, row_mac: &[u8; 32]) -> bool {
        is_same(&self.current, row_mac)
    }

    /// The newest token becomes the parent of this one.
    pub(crate) fn push(&mut self, token: &RefreshToken, pepper: &Pepper, salt: [u8; 16]) {
        let current = token.row_mac(pepper).to_vec();
        self.parent = core::mem::replace(&mut self.current, current);
        self.current_by = pepper.number.into();
        self.salt = salt;
    }

    /// The newest token once more, from its parent.
    pub(crate) fn again<'s>(
        &self,
        parent: &RefreshToken,
        secrets: &'s RefreshSecrets,
    ) -> Option<(RefreshToken, &'s Pepper)> {
        let pepper = secrets.find(u8::try_from(self.current_by).ok()?)?;
        let next = parent.next(pepper, &self.salt);
        is_same(&self.current, &next.row_mac(pepper)).then_some((next, pepper))
    }

    /// The row's id, which is the session's.
    pub const fn row(&self) -> [u8; 16] {
        self.id
    }
}

impl Record for RefreshFamily {
    const TABLE: Table = Table {
        name: "counterseal_refresh_family",
        columns: &[
            Column::first("id", Kind::Bytes, false),
            Column::first("tenant", Kind::Text, false),
            Column::first("subject", Kind::Text, false),
            Column::first("subject_row", Kind::Bytes, false),
            Column::first("client", Kind::Text, false),
            Column::first("device", Kind::Text, false),
            Column::first("access", Kind::Text, false),
            Column::first("bound", Kind::Bytes, false),
            Column::first("user_ver", Kind::Int, false),
            Column::first("born", Kind::Int, false),
            Column::first("absolute_end", Kind::Int, false),
            Column::first("sealed_by", Kind::Int, false),
            Column::first("seal", Kind::Bytes, false),
            Column::first("generation", Kind::Int, false),
            Column::first("current_mac", Kind::Bytes, false),
            Column::first("current_by", Kind::Int, false),
            Column::first("parent_mac", Kind::Bytes, false),
            Column::first("salt", Kind::Bytes, false),
            Column::first("rotated_at", Kind::Int, false),
            Column::first("window_at", Kind::Int, false),
            Column::first("confirmed", Kind::Int, false),
            Column::first("retries", Kind::Int, false),
            Column::first("late", Kind::Int, false),
            Column::first("followed", Kind::Int, false),
            Column::first("idle_end", Kind::Int, false),
            Column::first("ended", Kind::Int, false),
            Column::first("ended_at", Kind::Int, true),
            Column::first("gone_at", Kind::Int, false),
        ],
        indexes: &[&["subject_row"], &["gone_at"], &["ended_at", "id"]],
    };
    const GROUP: &'static str = Subject::GROUP;
    const ENDS: Option<&'static str> = Some("gone_at");
    const LISTED: Option<&'static str> = Some("subject_row");
    const ENDED: Option<&'static str> = Some("ended_at");

    fn blank() -> Self {
        RefreshFamily {
            id: [0; 16],
            tenant: String::new(),
            subject: String::new(),
            subject_row: [0; 16],
            client: String::new(),
            device: String::new(),
            access: String::new(),
            bound: Vec::new(),
            user_ver: 0,
            born: Time::EPOCH,
            absolute_end: Time::EPOCH,
            sealed_by: 0,
            seal: Vec::new(),
            generation: 0,
            current: Vec::new(),
            current_by: 0,
            parent: Vec::new(),
            salt: [0; 16],
            rotated_at: Time::EPOCH,
            window_at: Time::EPOCH,
            confirmed: 0,
            retries: 0,
            late: 0,
            followed: 0,
            idle_end: Time::EPOCH,
            end: 0,
            ended_at: None,
            gone_at: Time::EPOCH,
        }
    }

    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow> {
        columns.fixed(&mut self.id)?;
        columns.text(&mut self.tenant)?;
        columns.text(&mut self.subject)?;
        columns.fixed(&mut self.subject_row)?;
        columns.text(&mut self.client)?;
        columns.text(&mut self.device)?;
        columns.text(&mut self.access)?;
        columns.bytes(&mut self.bound)?;
        columns.int(&mut self.user_ver)?;
        columns.time(&mut self.born)?;
        columns.time(&mut self.absolute_end)?;
        columns.int(&mut self.sealed_by)?;
        columns.bytes(&mut self.seal)?;
        columns.int(&mut self.generation)?;
        columns.bytes(&mut self.current)?;
        columns.int(&mut self.current_by)?;
        columns.bytes(&mut self.parent)?;
        columns.fixed(&mut self.salt)?;
        columns.time(&mut self.rotated_at)?;
        columns.time(&mut self.window_at)?;
        columns.int(&mut self.confirmed)?;
        columns.int(&mut self.retries)?;
        columns.int(&mut self.late)?;
        columns.int(&mut self.followed)?;
        columns.time(&mut self.idle_end)?;
        columns.int(&mut self.end)?;
        columns.maybe_time(&mut self.ended_at)?;
        columns.time(&mut self.gone_at)
    }
}

impl Links<Subject> for RefreshFamily {
    const LINK: &'static str = "subject_row";
}

fn is_same(stored: &[u8], ours: &[u8; 32]) -> bool {
    let stored = stored.try_into();
    stored.is_ok_and(|stored: &[u8; 32]| same_bytes(stored, ours).is_ok())
}

/// How an end is stored; 0 is none.
fn number_of(end: End) -> i64 {
    match end {
        End::LoggedOut => 1,
        End::Replayed => 2,
        End::Revoked => 3,
        End::StoreBehind => 4,
        End::Unconfirmed => 5,
    }
}

fn end_of(number: i64) -> Option<End> {
    End::ALL.into_iter().find(|end| number_of(*end) == number)
}

/// How long a row stays after the last access token of its session is over.
pub(crate) const KEPT: Span = Span::from_minutes(40);
/// As long as what is sealed of most sessions.
const LONG: usize = 384;
