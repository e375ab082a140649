//! What the fuzz targets run: each is a function of bytes that returns, whatever the bytes, unless a promise is broken.

mod bytes;
mod core;
mod document;
mod foreign;
mod jwt;
mod limit;
mod message;
mod refresh;
mod replay;
mod request;
mod response;
mod ring;
mod seeds;
mod shm;
mod store;
mod webhook;

pub use crate::core::{
    core_gcra_charge, core_key_id_parse, core_lifetime_clamp, core_looked_up_parse,
    core_public_key_from_der, core_public_key_from_pem, core_seal_key_open, core_spiffe_id_parse,
};
pub use crate::document::{counterseal_request_policy_parse, counterseal_request_profile_parse};
pub use crate::foreign::request_foreign_begin;
pub use crate::jwt::{
    jwt_beside_jsonwebtoken, jwt_key_fetcher_handle_response, jwt_oidc_policy_verify,
    jwt_requirement_check, jwt_token_keys_from_jwks, jwt_token_verifier_verify,
};
pub use crate::limit::{limit_by_name, limit_client_address};
pub use crate::refresh::refresh_refresher_refresh;
pub use crate::replay::{replay_cells_over, replay_ring_attach, replay_ring_claim};
pub use crate::request::{request_key_record_open, request_signer_sign, request_verifier_begin};
pub use crate::response::request_sent_check;
pub use crate::ring::jwt_ring_vault_load;
pub use crate::seeds::seeds;
pub use crate::shm::shm_shared_ring_open;
pub use crate::store::store_stated_reply;
pub use crate::webhook::{webhook_key_parse, webhook_receiver_begin};

/// A target: its name and what it runs.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("core_gcra_charge", core_gcra_charge),
    ("core_key_id_parse", core_key_id_parse),
    ("core_lifetime_clamp", core_lifetime_clamp),
    ("core_looked_up_parse", core_looked_up_parse),
    ("core_public_key_from_der", core_public_key_from_der),
    ("core_public_key_from_pem", core_public_key_from_pem),
    ("core_seal_key_open", core_seal_key_open),
    ("core_spiffe_id_parse", core_spiffe_id_parse),
    (
        "counterseal_request_policy_parse",
        counterseal_request_policy_parse,
    ),
    (
        "counterseal_request_profile_parse",
        counterseal_request_profile_parse,
    ),
    ("jwt_beside_jsonwebtoken", jwt_beside_jsonwebtoken),
    (
        "jwt_key_fetcher_handle_response",
        jwt_key_fetcher_handle_response,
    ),
    ("jwt_oidc_policy_verify", jwt_oidc_policy_verify),
    ("jwt_requirement_check", jwt_requirement_check),
    ("jwt_ring_vault_load", jwt_ring_vault_load),
    ("jwt_token_keys_from_jwks", jwt_token_keys_from_jwks),
    ("jwt_token_verifier_verify", jwt_token_verifier_verify),
    ("limit_by_name", limit_by_name),
    ("limit_client_address", limit_client_address),
    ("refresh_refresher_refresh", refresh_refresher_refresh),
    ("replay_cells_over", replay_cells_over),
    ("replay_ring_attach", replay_ring_attach),
    ("replay_ring_claim", replay_ring_claim),
    ("request_foreign_begin", request_foreign_begin),
    ("request_key_record_open", request_key_record_open),
    ("request_sent_check", request_sent_check),
    ("request_signer_sign", request_signer_sign),
    ("request_verifier_begin", request_verifier_begin),
    ("shm_shared_ring_open", shm_shared_ring_open),
    ("store_stated_reply", store_stated_reply),
    ("webhook_key_parse", webhook_key_parse),
    ("webhook_receiver_begin", webhook_receiver_begin),
];
