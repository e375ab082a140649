//! Policies and profiles as JSON.

use counterseal::document::{RequestPolicy, RequestProfile};

/// A policy that parses allows no longer content than 64 MiB, and its refusal holds nothing of its text.
pub fn counterseal_request_policy_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(policy) = RequestPolicy::parse(text) {
        assert!(policy.body_limit() <= 64 << 20);
    }
}

/// A profile that parses, parses again.
pub fn counterseal_request_profile_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = RequestProfile::parse(text).is_ok();
    assert_eq!(parsed, RequestProfile::parse(text).is_ok());
}
