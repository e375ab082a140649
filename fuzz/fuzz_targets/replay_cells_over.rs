#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| counterseal_fuzz::replay_cells_over(data));
