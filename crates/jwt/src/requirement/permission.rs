//! Permissions, and the grants of a token that cover them.

use core::fmt;

use counterseal_core::KeyId;

use crate::RequirementSetupError;

/// What somebody may do: `segment:segment:...`, 1 to 8 segments of `[A-Za-z0-9_.-]`, 64 bytes in all, compared as they are.
///
/// ```
/// use counterseal_jwt::Permission;
/// assert_eq!(Permission::parse("docs:page:read")?.as_str(), "docs:page:read");
/// assert!(Permission::parse("docs:*").is_err(), "nobody needs a wildcard to be asked");
/// # Ok::<(), counterseal_jwt::RequirementSetupError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(KeyId);

/// What a token grants: a permission, or all of those below one, to a depth that stands there.
///
/// | grant | covers | does not cover |
/// |---|---|---|
/// | `a:b` | `a:b` | `a`, `a:b:c` |
/// | `a:*` | `a:b`: exactly one segment more | `a`, `a:b:c` |
/// | `a:*{3}` | `a:b`, `a:b:c`, `a:b:c:d`: one to three more | `a`, `a:b:c:d:e` |
/// | `a:**` | `a:b`, `a:b:c`, ...: one or more, any number | `a` |
/// | `*`, `*{3}`, `**` | the same from the root: `**` is everything | |
///
/// `a:*:c`, `a*`, `a:*:*`, `a:*{1}` and `a:*{8}` are no grants: a wildcard stands once, last, as a whole segment, in its one
/// form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'t> {
    /// The permission that it is or is below of; empty at the root.
    stem: &'t str,
    /// How many segments may follow the stem: none, or 1 to this many.
    depth: usize,
}

impl Permission {
    /// The permission that `text` spells.
    ///
    /// # Errors
    ///
    /// [`RequirementSetupError::Permission`].
    pub fn parse(text: &str) -> Result<Self, RequirementSetupError> {
        let id = KeyId::parse(text).map_err(|_| RequirementSetupError::Permission)?;
        if !is_permission(text) {
            return Err(RequirementSetupError::Permission);
        }
        Ok(Permission(id))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) const fn id(&self) -> KeyId {
        self.0
    }
}

impl<'t> Grant<'t> {
    /// The grant that `text` spells.
    ///
    /// # Errors
    ///
    /// [`RequirementSetupError::Grant`].
    pub fn parse(text: &'t str) -> Result<Self, RequirementSetupError> {
        //= docs/spec/access.md#A-1
        let (stem, last) = text.rsplit_once(':').unwrap_or(("", text));
        let grant = match wildcard(last) {
            Some(depth) => Grant { stem, depth },
            None => Grant {
                stem: text,
                depth: 0,
            },
        };
        let is_root = grant.depth > 0 && grant.is_root() && !text.contains(':');
        if text.len() > MOST_BYTES || !(is_root || is_permission(grant.stem)) {
            return Err(RequirementSetupError::Grant);
        }
        Ok(grant)
    }

    /// Whether it stands for all permissions of some depth, whatever they are about: `*`, `*{3}`, `**`.
    pub const fn is_root(&self) -> bool {
        self.stem.is_empty()
    }

    /// Whether what it grants includes this permission.
    pub fn covers(&self, permission: &Permission) -> bool {
        //= docs/spec/access.md#A-2
        let asked = permission.as_str();
        if self.depth == 0 {
            return asked == self.stem;
        }
        let below = match self.stem {
            "" => Some(asked),
            stem => asked
                .strip_prefix(stem)
                .and_then(|rest| rest.strip_prefix(':')),
        };
        below.is_some_and(|below| segments(below).count() <= self.depth)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many segments a last segment stands for, if it is a wildcard.
fn wildcard(segment: &str) -> Option<usize> {
    match segment.as_bytes() {
        b"*" => Some(1),
        b"**" => Some(usize::MAX),
        // `*{1}` would be a second way to write `*`, and `*{8}` reaches below what there is.
        [b'*', b'{', digit @ b'2'..=b'7', b'}'] => Some(usize::from(digit - b'0')),
        _ => None,
    }
}

fn is_permission(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    segments(text).count() <= MOST_SEGMENTS
        && segments(text).all(|segment| !segment.is_empty() && segment.bytes().all(is_plain))
}

fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split(':')
}

const MOST_BYTES: usize = 64;
const MOST_SEGMENTS: usize = 8;
