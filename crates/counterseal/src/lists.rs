//! Every code, table and space of the enabled parts, for lists that must be complete.

use counterseal_core::{Code, Space, Table};

/// Every code that the enabled features can refuse with.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    PARTS.iter().copied().flatten().copied().flatten()
}

/// Every table that the enabled rooms keep records in.
pub const TABLES: &[Table] = &[
    #[cfg(any(feature = "jwt", feature = "refresh"))]
    <counterseal_core::Subject as counterseal_core::Record>::TABLE,
    #[cfg(feature = "jwt")]
    <counterseal_jwt::AccessKey as counterseal_core::Record>::TABLE,
    #[cfg(feature = "jwt")]
    <counterseal_jwt::Denied as counterseal_core::Record>::TABLE,
    #[cfg(feature = "jwt")]
    <counterseal_jwt::KeyRingRecord as counterseal_core::Record>::TABLE,
    #[cfg(feature = "refresh")]
    <counterseal_refresh::RefreshFamily as counterseal_core::Record>::TABLE,
    #[cfg(feature = "request")]
    <counterseal_request::KeyRecord as counterseal_core::Record>::TABLE,
];

/// Every space that the enabled rooms claim in.
pub const SPACES: &[Space] = &[
    #[cfg(feature = "jwt")]
    counterseal_jwt::AdmittedJob::SPACE,
    #[cfg(feature = "request")]
    counterseal_request::PendingRequest::SPACE,
    #[cfg(feature = "webhook")]
    counterseal_webhook::PendingWebhook::SPACE,
];

/// The tables of codes of each enabled part.
const PARTS: &[&[&[Code]]] = &[
    counterseal_core::CODES,
    #[cfg(feature = "jwt")]
    &[
        counterseal_jwt::FetchError::CODES,
        counterseal_jwt::FetchSetupError::CODES,
        counterseal_jwt::JwtError::CODES,
        counterseal_jwt::JwtSetupError::CODES,
        counterseal_jwt::OidcError::CODES,
        counterseal_jwt::OidcSetupError::CODES,
        counterseal_jwt::RequirementError::CODES,
        counterseal_jwt::RequirementSetupError::CODES,
        counterseal_jwt::RingError::CODES,
        counterseal_jwt::RingSetupError::CODES,
        counterseal_jwt::StandingError::CODES,
        counterseal_jwt::StandingWriteError::CODES,
    ],
    #[cfg(feature = "limit")]
    &[counterseal_limit::CODES],
    #[cfg(feature = "refresh")]
    &[
        counterseal_refresh::BadRefreshPolicy::CODES,
        counterseal_refresh::BadRefreshSecrets::CODES,
        counterseal_refresh::RefreshError::CODES,
        counterseal_refresh::FeedError::CODES,
        counterseal_refresh::SessionError::CODES,
    ],
    #[cfg(feature = "request")]
    &[
        counterseal_request::CODES,
        counterseal_request::ResponseError::CODES,
    ],
    #[cfg(feature = "replay")]
    counterseal_replay::CODES,
    #[cfg(feature = "ttl")]
    &[counterseal_ttl::TtlError::CODES],
    #[cfg(feature = "webhook")]
    counterseal_webhook::CODES,
    #[cfg(feature = "document")]
    &[crate::document::DocumentError::CODES],
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_name_is_used_for_one_code() {
        let names: BTreeSet<_> = codes().map(|code| code.name).collect();
        assert_eq!(names.len(), codes().count());
    }
}
