//! Runs each target over its seeds and over small changes of them, on any toolchain.

use std::path::Path;

use counterseal_fuzz::{TARGETS, seeds};

#[test]
fn every_target_holds_on_its_seeds_and_near_them() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    for (target, run) in TARGETS {
        for seed in seeds(target, &vectors).expect("the vectors can be read") {
            run(&seed);
            changes(&seed).for_each(|changed| run(&changed));
        }
    }
}

#[test]
fn parsers_of_requests_and_policies_have_seeds_from_the_vectors() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    for (target, least) in [
        ("request_verifier_begin", 400),
        ("request_signer_sign", 400),
        ("counterseal_request_policy_parse", 10),
        ("counterseal_request_profile_parse", 5),
        ("core_key_id_parse", 5),
        ("core_spiffe_id_parse", 10),
        ("core_public_key_from_pem", 30),
        ("jwt_key_fetcher_handle_response", 500),
        ("jwt_token_keys_from_jwks", 80),
        ("jwt_token_verifier_verify", 900),
        ("limit_client_address", 50),
        ("request_sent_check", 50),
        ("webhook_key_parse", 90),
        ("webhook_receiver_begin", 70),
    ] {
        let seeds = seeds(target, &vectors).expect("the vectors can be read");
        assert!(seeds.len() >= least, "{target}: {}", seeds.len());
    }
}

/// The seed cut short, and with one bit changed, at a dozen places.
fn changes(seed: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let step = seed.len() / 12 + 1;
    (0..seed.len()).step_by(step).flat_map(move |at| {
        let mut flipped = seed.to_vec();
        flipped[at] ^= 1 << (at % 8);
        [seed[..at].to_vec(), flipped]
    })
}
