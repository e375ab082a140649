//! Counterseal as plain data, for languages that have no generics and no lifetimes.
//!
//! `bindings/python` and `bindings/node` convert arguments and results and do nothing else; what both
//! must do alike stands here. A refusal of any room is a [`Problem`]. A decision of any room that waits
//! for a store is a [`Waiting`]. What it ends in is a [`Verdict`]. Every exported function of a binding
//! runs inside [`guard`], so that a panic arrives as an error and the process lives on.
//!
//! Bytes and texts come in as they are; numbers are checked here, so that a wrong argument has the
//! same code in every language ([`codes`]).
#![forbid(unsafe_code)]

mod argument;
mod codes;
mod content;
mod guard;
mod key;
mod key_fetcher;
mod limit;
mod message;
mod oidc;
mod policy;
mod problem;
mod refresh;
mod requirement;
mod response;
mod session;
mod session_feed;
mod sign;
mod standing;
mod statement;
mod store;
mod token_key;
mod token_mint;
mod token_policy;
mod token_ring;
mod token_verify;
mod vault;
mod verdict;
mod verify;
mod waiting;
mod webhook;

pub use argument::{ArgumentFault, MAX_BYTES, MAX_ITEMS, MAX_TIME, check_len, number, seed, time};
pub use codes::codes;
pub use content::Content;
pub use counterseal::core::{Blame, Code, Time, Value};
pub use counterseal::replay::{CellGauge, Gauge};
pub use counterseal::request::Scheme;
pub use counterseal::store::{Dialect, Rows, Statement};
pub use guard::guard;
pub use key::{Key, KeyMembers, keys};
pub use key_fetcher::{FetchAnswer, FetchMembers, FetchOrder, KeyFetcher};
pub use limit::{Admitted, Counting, Limit, LimitMembers, client_address};
pub use message::{Message, scheme};
pub use oidc::{AdmittedJob, ClaimMembers, ClaimRule, GithubMembers, GithubRule, OidcPolicy};
pub use policy::{
    ForeignMembers, ForeignPolicy, Policy, PolicyMembers, Profile, ProfileMembers, Reads,
};
pub use problem::{Family, Problem, Refused};
pub use refresh::{
    HolderMembers, NewSessionMembers, NumberedSecret, RefreshMembers, RefreshSecretMembers,
    Refreshed, Refresher, WhichMembers, inspect_refresh_token,
};
pub use requirement::{Authorized, FreshProof, Requirement, RequirementMembers};
pub use response::{Answered, Sent, SignedFields, VerifiedResponse};
pub use session::Session;
pub use session_feed::{EndedSessions, SessionFeed};
pub use sign::Signer;
pub use standing::{Change, LiveToken, Standing, StandingMembers};
pub use statement::{dialect, migrations, sweeping, sweeping_cells};
pub use store::{Needs, RingMembers, Store, WindowMembers};
pub use token_key::{TokenKey, TokenKeys, TokenSigner};
pub use token_mint::{Minted, TokenClaims, TokenMinter};
pub use token_policy::{TokenPolicy, TokenPolicyMembers};
pub use token_ring::{NewRingKey, PublishedKeys, RingKeyFacts, RingKeyMembers, TokenRing};
pub use token_verify::{Binding, TokenFacts, TokenVerifier, VerifiedToken, bearer, inspect};
pub use vault::{KeyVault, end_key, revoke_key};
pub use verdict::{Verdict, Verified};
pub use verify::{Explained, Verifier};
pub use waiting::Waiting;
pub use webhook::{Lines, Received, ReceiverMembers, WebhookReceiver, WebhookSender, message_id};
