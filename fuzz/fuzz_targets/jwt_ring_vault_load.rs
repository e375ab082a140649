#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| counterseal_fuzz::jwt_ring_vault_load(data));
