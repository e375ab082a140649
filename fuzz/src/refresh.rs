//! Refresh tokens.

use std::sync::LazyLock;

use counterseal::core::{Secret, Seed, Span, Time};
use counterseal::refresh::{
    Confirmation, Holder, RefreshPolicy, RefreshSecrets, Refresher, SessionId,
};

/// A text that is refused asks nothing of a store, and no text but one of ours has its tag.
pub fn refresh_refresher_refresh(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mint = REFRESHER.mint(&text, &HOLDER, Time::EPOCH);
    let refresh = REFRESHER.refresh(&text, &HOLDER, Time::EPOCH, &Seed::new([1; 16]));
    assert_eq!(mint.err(), refresh.err());
    if let Some(id) = SessionId::parse(&text) {
        assert_eq!(id.to_string(), text);
    }
}

static REFRESHER: LazyLock<Refresher> = LazyLock::new(|| {
    let within = Span::from_minutes(60);
    let policy = RefreshPolicy::new(Confirmation::Wired { within }).expect("within the bounds");
    let secrets = RefreshSecrets::signing(1, &Secret::new(vec![7; 32])).expect("32 bytes");
    Refresher::new(policy, secrets)
});
const HOLDER: Holder<'_> = Holder {
    client: "web",
    bound: None,
};
