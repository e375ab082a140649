//! Every code and every table of the enabled rooms, for lists that must be complete.

use counterseal_core::{Code, Table};

/// Every code that the enabled features can refuse with, in tables.
pub const CODES: &[&[Code]] = &JOINED;

/// Every table that the enabled rooms keep records in.
pub const TABLES: &[Table] = &[
    #[cfg(feature = "request")]
    <counterseal_request::KeyRecord as counterseal_core::Record>::TABLE,
];

const ROOMS: &[&[Code]] = &[
    #[cfg(feature = "request")]
    counterseal_request::CODES,
    #[cfg(feature = "document")]
    crate::document::DocumentError::CODES,
];

const JOINED: [&[Code]; counterseal_core::CODES.len() + ROOMS.len()] = {
    let core = counterseal_core::CODES;
    let mut joined: [&[Code]; counterseal_core::CODES.len() + ROOMS.len()] =
        [&[]; counterseal_core::CODES.len() + ROOMS.len()];
    let mut i = 0;
    while i < joined.len() {
        joined[i] = if i < core.len() {
            core[i]
        } else {
            ROOMS[i - core.len()]
        };
        i += 1;
    }
    joined
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_name_is_used_for_one_code() {
        let codes = || CODES.iter().flat_map(|table| table.iter());
        let names: BTreeSet<_> = codes().map(|code| code.name).collect();
        assert_eq!(names.len(), codes().count());
    }
}
