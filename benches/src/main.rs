//! `bench NAME..`: each bench runs the floor, the peers and Counterseal in one process, and prints one line
//! of JSON for each. `cargo xtask bench` runs it, compares, and writes the tables.

mod alloc;
mod bound;
mod claimed;
mod harness;
mod jwt;
mod limit;
mod live;
mod peer;
mod refresh;
mod replay;
mod request;
mod shm;

use std::process::ExitCode;

use harness::Bench;

type Make = fn() -> Bench;

const BENCHES: [(&str, Make); 19] = [
    ("jwt_cached", jwt::cached),
    ("jwt_encode_eddsa", jwt::encode_eddsa),
    ("jwt_encode_es256", jwt::encode_es256),
    ("jwt_encode_hs256", jwt::encode_hs256),
    ("jwt_verify_eddsa", jwt::verify_eddsa),
    ("jwt_verify_es256", jwt::verify_es256),
    ("jwt_verify_hs256", jwt::verify_hs256),
    ("jwt_verify_rs256", jwt::verify_rs256),
    ("limit_charge", limit::charge),
    ("refresh_rotate_memory", refresh::memory),
    ("refresh_rotate_postgres", refresh::postgres),
    ("refresh_rotate_redis", refresh::redis),
    ("refresh_rotate_sqlite", refresh::sqlite),
    ("refresh_rotate_sqlite_in_memory", refresh::sqlite_in_memory),
    ("replay_claim", replay::claim),
    ("request_sign", request::sign),
    ("request_verify", request::verify),
    ("request_verify_claimed", claimed::verify),
    ("shm_claim", shm::claim),
];

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    for wanted in std::env::args().skip(1) {
        let Some((_, bench)) = BENCHES.iter().find(|(name, _)| *name == wanted) else {
            let known = BENCHES.map(|(name, _)| name).join(", ");
            eprintln!("no bench {wanted:?}; there are {known}");
            return ExitCode::from(2);
        };
        bench().run();
    }
    ExitCode::SUCCESS
}
