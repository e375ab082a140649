//! A vector file: an envelope with notes, and cases of one operation of one room.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Bytes, Hex};

/// A file of cases. `I` is what an operation takes; a reader that does not know yet takes any value.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct File<I = Value> {
    /// `counterseal/vectors/1`.
    pub schema: String,
    /// Whose operation it is.
    pub room: String,
    /// The operation.
    pub op: String,
    /// What each flag means.
    pub notes: BTreeMap<String, String>,
    /// The cases.
    pub cases: Vec<Case<I>>,
}

/// One call and what must come of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case<I = Value> {
    /// Unique in its room: lower-case words, with a row of the attack catalogue first where it is one.
    pub id: String,
    /// Keys of the notes.
    pub flags: Vec<String>,
    /// The JSON form of the policy, or of the profile for signing; none where the operation has none.
    pub policy: Option<Map<String, Value>>,
    /// The caller's clock, in milliseconds.
    pub now: i64,
    /// The randomness, for operations that take some.
    pub seed: Hex,
    /// The known keys; the first one signs.
    pub keys: Vec<KeyMembers>,
    /// What the operation takes.
    pub input: I,
    /// The same request as one HTTP/1.1 message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Bytes>,
    /// What happens to `raw` in servers where it does not reach the room as it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sockets: BTreeMap<String, Socket>,
    /// The store's answers, in order: exactly as many as the decision asks for.
    pub replies: Vec<Reply>,
    /// What must come of it.
    pub expect: Expect,
}

impl<I> Case<I> {
    /// The same with what `make` makes of the input.
    pub(crate) fn of<J>(self, make: impl FnOnce(I) -> J) -> Case<J> {
        Case {
            id: self.id,
            flags: self.flags,
            policy: self.policy,
            now: self.now,
            seed: self.seed,
            keys: self.keys,
            input: make(self.input),
            raw: self.raw,
            sockets: self.sockets,
            replies: self.replies,
            expect: self.expect,
        }
    }
}

/// A key as a host describes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyMembers {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Hex,
    /// When it begins, in milliseconds.
    pub since: i64,
    /// The first instant at which it is over, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Its scope.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// Whether it was revoked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}

/// An answer of a store.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was not claimed before, and is now.
    Fresh,
    /// It was claimed before.
    Held,
    /// The store cannot know.
    Stale,
    /// There is no room.
    Full,
    /// This key has used up its share.
    OwnerFull,
    /// A charge was over the limit; the cell is at this level, in milliseconds.
    Over(i64),
    /// What is stored of a token's subject, of the token, and of its access key.
    Stored(Stored),
    /// A charge was within the limit and left the cell at this level, in milliseconds.
    Taken(i64),
    /// There was no answer.
    Unavailable,
}

/// The rows about a token; what is not there is not stored.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stored {
    /// Its subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<StoredSubject>,
    /// Whether the token is denied.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub denied: bool,
    /// The key that opened its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<StoredAccessKey>,
}

/// A subject that is stored.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSubject {
    /// Its version.
    pub user_ver: i64,
    /// Since when it is disabled, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<i64>,
}

/// An access key that is stored.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoredAccessKey {
    /// Whether it is a key of the token's subject, or of the one whose id is `another`.
    pub is_own: bool,
    /// Since when it is disabled, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<i64>,
}

/// What must come of a case.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Whether it is accepted.
    pub verdict: Verdict,
    /// The code of the refusal.
    pub code: Option<String>,
    /// What the peer may be told.
    pub public: Option<String>,
    /// What an accepted case gives.
    pub output: Value,
}

/// How a decision ends.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// With a proof, or a value.
    Accept,
    /// With a code.
    Reject,
}

/// What one server makes of a raw message that it does not hand on as it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Socket {
    /// Who answers.
    pub layer: Layer,
    /// The code instead of the expected one, when the room answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The reason.
    pub why: String,
}

/// Who answers a raw message.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The room, by way of an adapter.
    Room,
    /// The server, before any adapter.
    Server,
}

/// A file that is none of vectors.
#[derive(Debug)]
pub enum FileError {
    /// It cannot be read.
    Io(std::io::Error),
    /// It is not JSON, or has other members than a vector file has.
    Json(serde_json::Error),
    /// It is of another schema.
    Schema,
}

impl File {
    /// The vector file at `path`.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn read(path: &Path) -> Result<Self, FileError> {
        File::parse(&std::fs::read(path).map_err(FileError::Io)?)
    }

    /// The vector file that `json` spells.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn parse(json: &[u8]) -> Result<Self, FileError> {
        let file: File = serde_json::from_slice(json).map_err(FileError::Json)?;
        if file.schema == SCHEMA {
            return Ok(file);
        }
        Err(FileError::Schema)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Json(error) => error.fmt(f),
            Self::Schema => write!(f, "the schema is not {SCHEMA}"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Json(error) => Some(error),
            Self::Schema => None,
        }
    }
}

/// The schema of the files that this crate reads and writes.
pub(crate) const SCHEMA: &str = "counterseal/vectors/1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_vector_file_is_refused() {
        let envelope = |schema: &str, more: &str| {
            format!(r#"{{"schema":"{schema}","room":"r","op":"o","notes":{{}},"cases":[]{more}}}"#)
        };
        assert!(File::parse(envelope(SCHEMA, "").as_bytes()).is_ok());
        assert!(matches!(
            File::parse(envelope("other", "").as_bytes()),
            Err(FileError::Schema)
        ));
        let deep = "[".repeat(100_000);
        for bad in ["", "{", "null", "[]", &envelope(SCHEMA, ",\"x\":1"), &deep] {
            assert!(matches!(
                File::parse(bad.as_bytes()),
                Err(FileError::Json(_))
            ));
        }
        assert!(File::parse(b"\xff").is_err());
    }
}
