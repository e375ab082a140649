//! Sessions that go on by refresh tokens: each token is good for one successor, and using it after that ends the session.
//!
//! An answer that was lost is given again, to the byte, after any delay that the policy allows; a token that was stolen and used by two
//! is found; and what a store keeps of a session is one row with nothing in it that opens anything.
//!
//! ```
//! use counterseal_core::{Secret, Seed, Span, Time, drive};
//! use counterseal_memory::Memory;
//! use counterseal_refresh::{Confirmation, Holder, How, NewSession, RefreshPolicy, RefreshSecrets, Refresher};
//! # use counterseal_core::Refusal;
//! # let now = Time::from_seconds(1_800_000_000);
//! # let store = Memory::new(counterseal_replay::Window::MINUTE, 10, now);
//! let policy = RefreshPolicy::new(Confirmation::Wired { within: Span::from_minutes(24 * 60) })?;
//! let secrets = RefreshSecrets::signing(1, &Secret::new(vec![7; 32]))?;
//! let refresher = Refresher::new(policy, secrets);
//!
//! let new = NewSession {
//!     tenant: "login", subject: "ada", user_ver: 0, client: "web", device: "laptop", access: "orders:*", bound: None,
//! };
//! let begun = drive(&store, refresher.begin_session(&new, now, &Seed::new([1; 40]))?)?;
//! let first = String::from_utf8(begun.token().expose().to_vec())?;
//!
//! let holder = Holder { client: "web", bound: None };
//! let later = now.plus(Span::from_minutes(15));
//! let refreshed = drive(&store, refresher.refresh(&first, &holder, later, &Seed::new([2; 16]))?)?;
//! assert_eq!(refreshed.how(), How::Rotated);
//!
//! // The answer was lost: the same comes again.
//! let again = drive(&store, refresher.refresh(&first, &holder, later, &Seed::new([3; 16]))?)?;
//! assert_eq!(again.token().map(Secret::expose), refreshed.token().map(Secret::expose));
//!
//! // Its holder has the second token, and somebody comes with the first.
//! let session = begun.session().id;
//! drive(&store, refresher.confirm(session, 1, later))?;
//! let much_later = later.plus(Span::from_minutes(5));
//! let stolen = drive(&store, refresher.refresh(&first, &holder, much_later, &Seed::new([4; 16]))?);
//! assert_eq!(stolen.err().map(|refused| refused.code().name), Some("refresh_replayed"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not protect: who uses a stolen token within the window after its owner did, and stays there, is not found unless the session
//! is bound to a key; a token on its way to the client, or in its store; a store that is set back as a whole, before any of its tokens is
//! presented. Where nobody confirms, someone who follows slowly is not found.
//!
//! Storage steps: [`LinkedOp`](counterseal_core::LinkedOp), [`RowOp`](counterseal_core::RowOp), [`ListOp`](counterseal_core::ListOp),
//! [`SweepRows`](counterseal_core::SweepRows), [`ListEnded`](counterseal_core::ListEnded). Spec: `docs/spec/refresh.md` (RFC 9700 section 4.14).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod asked;
mod change;
mod decide;
mod error;
mod explain;
mod family;
mod feed;
mod form;
mod inspect;
mod policy;
mod refresher;
mod rotation;
mod secrets;
mod session;
mod token;

pub use change::{BeginSession, Begun, ChangeSession, EndSessions, ListSessions, Which};
pub use decide::{Chain, Decision, End, Facts, Mode, Place, Standing, Why};
pub use error::{RefreshError, SessionError};
pub use explain::{ExplainRefresh, RefreshCheck, RefreshExplanation};
pub use family::RefreshFamily;
pub use feed::{EndedSessions, FeedError, ReadFeed, SessionFeed};
pub use inspect::inspect;
pub use policy::{BadRefreshPolicy, BindingRule, Confirmation, OnReuse, RefreshPolicy};
pub use refresher::{How, PendingRefresh, Refreshed, Refresher};
pub use secrets::{BadRefreshSecrets, RefreshSecrets};
pub use session::{Bound, Holder, NewSession, Session, SessionId};
