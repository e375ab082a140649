//! Content that comes in pieces, after its request was authenticated.

use core::fmt;

use counterseal_core::KeyId;

use crate::digest::{ContentDigest, ContentHash};
use crate::message::within;
use crate::{PendingRequest, RequestError};

/// A request whose signature and window hold, and whose content is still to come.
///
/// Nothing of the content may be acted on before [`PendingContent::finish`], and the claim after it.
///
/// ```
/// # use std::sync::Arc;
/// # use counterseal_core::{KeyId, Secret, Seed, Time};
/// # use counterseal_request::{Key, KeySet, Policy, Profile, Request, Scheme, Signer, Verifier};
/// # let now = Time::from_seconds(1_800_000_000);
/// # let key = Arc::new(Key::new(KeyId::parse("worker-7")?, &Secret::new(vec![7; 32]))?);
/// # let whole = Request {
/// #     method: "PUT", scheme: Scheme::Https, authority: "api.example",
/// #     path: b"/v1/parts/1", query: b"", headers: &[], body: b"a long story",
/// # };
/// # let signed = Signer::new(key.clone(), Profile::default()).sign(&whole, now, &Seed::new([9; 16]))?;
/// # let headers: Vec<_> = signed.headers().map(|(name, value)| (name, value.as_bytes())).collect();
/// # let (verifier, keys) = (Verifier::new(Policy::for_authority("api.example")?), KeySet::new([key])?);
/// let head = Request { headers: &headers, body: b"", ..whole };
/// let mut content = verifier.begin_content(&head, &keys, now)?;
/// for piece in [&b"a long "[..], b"story"] {
///     content.update(piece)?; // to a temporary file meanwhile
/// }
/// let claim = content.finish()?.claim();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "content is not verified until `finish`"]
pub struct PendingContent {
    pending: PendingRequest,
    expected: Option<ContentDigest>,
    hash: Option<ContentHash>,
    len: usize,
    limit: usize,
    /// Whether content without a digest is taken.
    uncovered: bool,
}

impl PendingContent {
    pub(crate) fn new(
        pending: PendingRequest,
        expected: Option<ContentDigest>,
        limit: usize,
        uncovered: bool,
    ) -> Self {
        PendingContent {
            pending,
            hash: expected.as_ref().map(ContentDigest::hash),
            expected,
            len: 0,
            limit,
            uncovered,
        }
    }

    /// The key that signed the request. It is not accepted yet.
    pub const fn key_id(&self) -> &KeyId {
        self.pending.key_id()
    }

    /// Takes the next piece.
    ///
    /// # Errors
    ///
    /// [`RequestError::TooLarge`] when it is more than the policy's limit, and [`RequestError::DigestMissing`] when
    /// there is content and none was signed. Read no further then.
    pub fn update(&mut self, piece: &[u8]) -> Result<(), RequestError> {
        self.len = self.len.saturating_add(piece.len());
        self.check_len()?;
        if let Some(hash) = &mut self.hash {
            hash.update(piece);
        }
        Ok(())
    }

    /// All of it came.
    ///
    /// # Errors
    ///
    /// [`RequestError::BodyMismatch`] when it is not the content that was signed; what [`PendingContent::update`] said.
    //= docs/spec/request.md#Q-10
    pub fn finish(self) -> Result<PendingRequest, RequestError> {
        self.check_len()?;
        let key = *self.key_id();
        if let (Some(expected), Some(hash)) = (self.expected, self.hash)
            && !expected.is(hash)
        {
            return Err(RequestError::BodyMismatch { key });
        }
        Ok(self.pending)
    }

    /// What was refused once is refused at the end too.
    fn check_len(&self) -> Result<(), RequestError> {
        within("content", self.len, self.limit)?;
        if self.len > 0 && self.hash.is_none() && !self.uncovered {
            return Err(RequestError::DigestMissing);
        }
        Ok(())
    }
}

impl fmt::Debug for PendingContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingContent")
            .field("key_id", self.key_id())
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
