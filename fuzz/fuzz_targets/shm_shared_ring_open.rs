#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| counterseal_fuzz::shm_shared_ring_open(data));
