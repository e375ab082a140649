//! Sessions, as whoever begins and lists them sees them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{AuditEvent, BadRow, Fact, KeyId, Time, sha256};

use crate::decide::End;
use crate::family::RefreshFamily;

/// The id of a session: the `sid` of its access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 16]);

/// A session that begins.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// Whose subjects these are: 1 to 255 bytes, the tenant of [`Subject`](counterseal_core::Subject)s.
    pub tenant: &'a str,
    /// Whose session it is: 1 to 255 bytes.
    pub subject: &'a str,
    /// The version of the subject now, as the store says.
    pub user_ver: i64,
    /// Which client may use it: 1 to 255 bytes.
    pub client: &'a str,
    /// What its holder calls the device: at most 255 bytes.
    pub device: &'a str,
    /// What it grants, in the words of the application: at most 4096 bytes. Access tokens may have less, never more.
    pub access: &'a str,
    /// What only its client has.
    pub bound: Option<Bound>,
}

/// What a session is bound to. It is compared, and says nothing about how a client has shown it: that is checked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// The secret of a device, such as a cookie of its own; as a hash.
    Device([u8; 32]),
    /// A key, by its thumbprint (RFC 7638, RFC 8705).
    Key([u8; 32]),
}

/// Who presents a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder<'a> {
    /// The client, as it was authenticated.
    pub client: &'a str,
    /// What it has shown to have.
    pub bound: Option<Bound>,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose subject.
    pub tenant: String,
    /// Whose it is.
    pub subject: String,
    /// The subject's version when it began; its access tokens carry it.
    pub user_ver: i64,
    /// Which client's.
    pub client: String,
    /// What its holder calls the device.
    pub device: String,
    /// What it grants.
    pub access: String,
    /// What it is bound to.
    pub bound: Option<Bound>,
    /// How many refresh tokens came before the newest; its access tokens carry it.
    pub generation: u32,
    /// When it began.
    pub began: Time,
    /// When its newest token was made.
    pub used: Time,
    /// When it is over unless it is used.
    pub idle_end: Time,
    /// When it is over.
    pub absolute_end: Time,
    /// How and when it ended, if it did before.
    pub ended: Option<(End, Time)>,
}

impl SessionId {
    /// The id of these bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        SessionId(bytes)
    }

    /// The id that this text is: 22 letters.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 18];
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes);
        let id = bytes.first_chunk().filter(|_| written == Ok(16));
        id.map(|id| SessionId(*id))
    }

    /// Its bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// What logs call it.
    pub(crate) fn logged(self) -> KeyId {
        KeyId::parse(&alloc::format!("{self}")).expect("22 letters of base64url are an id")
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Bound {
    /// Bound to the secret of a device: at least 16 random bytes that only that device has. What is kept is a hash.
    pub fn device(secret: &[u8]) -> Self {
        Bound::Device(sha256(&[b"counterseal/refresh-device/1", secret]))
    }

    /// What operators call it.
    pub(crate) const fn named(self) -> &'static str {
        match self {
            Bound::Device(_) => "a device",
            Bound::Key(_) => "a key",
        }
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let (kind, bytes) = match self {
            Bound::Device(hash) => (b'd', hash),
            Bound::Key(print) => (b'k', print),
        };
        [&[kind], &bytes[..]].concat()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, hash) = bytes.split_first()?;
        let hash = hash.try_into().ok()?;
        match kind {
            b'd' => Some(Bound::Device(hash)),
            b'k' => Some(Bound::Key(hash)),
            _ => None,
        }
    }
}

impl NewSession<'_> {
    /// The first member that is too long, or empty where it may not be.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let named = [
            ("tenant", self.tenant, 1, MOST_NAME),
            ("subject", self.subject, 1, MOST_NAME),
            ("client", self.client, 1, MOST_NAME),
            ("device", self.device, 0, MOST_NAME),
            ("access", self.access, 0, MOST_ACCESS),
        ];
        let is_bad = |(_, text, least, most): &(_, &str, usize, usize)| {
            !(*least..=*most).contains(&text.len()) || text.contains('\0')
        };
        let bad = named.into_iter().find(is_bad).map(|(name, ..)| name);
        let is_version = (0..1 << 53).contains(&self.user_ver);
        bad.or((!is_version).then_some("user_ver"))
    }
}

impl Session {
    /// What happened to it, as an audit event.
    pub(crate) fn event(&self, name: &'static str, now: Time) -> AuditEvent {
        let event = AuditEvent::accepted(name, self.id.logged(), now);
        event.with(&[Fact::number("generation", self.generation.into())])
    }
}

impl TryFrom<RefreshFamily> for Session {
    type Error = BadRow;

    fn try_from(family: RefreshFamily) -> Result<Self, BadRow> {
        let (chain, bound) = (family.chain()?, family.bound()?);
        Ok(Session {
            id: SessionId(family.id),
            tenant: family.tenant,
            subject: family.subject,
            user_ver: family.user_ver,
            client: family.client,
            device: family.device,
            access: family.access,
            bound,
            generation: chain.generation,
            began: family.born,
            used: chain.rotated_at,
            idle_end: chain.idle_end,
            absolute_end: family.absolute_end,
            ended: chain.ended,
        })
    }
}

/// The longest name of a tenant, subject, client or device.
const MOST_NAME: usize = 255;
const MOST_ACCESS: usize = 4_096;
