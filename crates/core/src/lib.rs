//! The words that every Counterseal room speaks.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
