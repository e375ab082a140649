//! The native half of the Python package `counterseal`: conversions, and nothing else.
//!
//! Each exported function runs inside [`counterseal_shared::guard`], under the name by which Python
//! calls it. Decisions, checks and codes come from `counterseal-shared`.

#![allow(clippy::needless_pass_by_value, clippy::unused_self)] // how pyo3 calls

mod args;
mod errors;
mod key_fetcher;
mod keys;
mod limits;
mod oidc;
mod policy;
mod refresh;
mod responses;
mod session_feed;
mod sign;
mod standing;
mod stores;
mod token_keys;
mod token_mint;
mod token_ring;
mod token_verify;
mod vault;
mod verify;
mod waiting;
mod webhooks;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _counterseal {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::{
        key_fetcher::KeyFetcher,
        keys::Key,
        limits::{Admitted, Cells, Limit, SharedCells, client_address},
        oidc::{AdmittedJob, ClaimRule, GithubRule, OidcPolicy},
        policy::{ForeignPolicy, Policy, Profile},
        refresh::{Refreshed, Refresher, Session, inspect_refresh_token},
        responses::{Content, Sent, VerifiedResponse},
        session_feed::{EndedSessions, SessionFeed},
        sign::Signer,
        standing::{Authorized, LiveToken, Requirement, Standing},
        stores::{Memory, Ring, SharedRing, Sqlite},
        token_keys::{TokenKey, TokenKeys, TokenSigner},
        token_mint::{Minted, TokenMinter, TokenPolicy},
        token_ring::{PublishedKeys, TokenRing},
        token_verify::{TokenVerifier, VerifiedToken, bearer, claims_unfit, inspect},
        vault::{KeyVault, end_key, revoke_key},
        verify::{Verified, Verifier},
        waiting::{Waiting, migrations, sweeping, sweeping_cells},
        webhooks::{Received, Receiver, Sender, message_id},
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
