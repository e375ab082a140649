#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| counterseal_fuzz::refresh_refresher_refresh(data));
