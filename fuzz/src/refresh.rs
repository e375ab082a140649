//! Refresh tokens.

use std::sync::LazyLock;

use counterseal::core::{Refusal, Secret, Seed, Span, Step, Time};
use counterseal::refresh::{
    Confirmation, Holder, RefreshError, RefreshPolicy, RefreshSecrets, Refresher, SessionId,
    inspect,
};

/// A text that is refused asks nothing of a store, and no text but one of ours has its tag.
pub fn refresh_refresher_refresh(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mint = REFRESHER.mint(&text, &HOLDER, Time::EPOCH);
    let refresh = REFRESHER.refresh(&text, &HOLDER, Time::EPOCH, &Seed::new([1; 16]));
    let refused = mint.err();
    assert_eq!(refused, refresh.err());
    told(&text, refused);
    if let Some(id) = SessionId::parse(&text) {
        assert_eq!(id.to_string(), text);
    }
}

/// What is told to an operator goes by the same refusal, and is of few lines.
fn told(text: &str, refused: Option<RefreshError>) {
    let inspected = inspect(text);
    let is_malformed = refused == Some(RefreshError::Malformed);
    assert_eq!(inspected.lines().count(), if is_malformed { 2 } else { 7 });
    match (REFRESHER.explain(text, &HOLDER, Time::EPOCH), refused) {
        (Step::Done(explained), Some(error)) => {
            assert_eq!(explained.refusal(), Some(&error), "{}", error.code().name);
            let lines = explained.to_string().lines().count();
            assert_eq!(lines, 2 + explained.checks().count());
        }
        (Step::Need(_), None) => {}
        _ => panic!("a store is asked by one of both"),
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
