#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| counterseal_fuzz::request_foreign_begin(data));
