#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| setpoint_fuzz_bodies::schema(input));
