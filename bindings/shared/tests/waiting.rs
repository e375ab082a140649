//! A decision that waits for a host's own driver: its statements, wrong answers, and its one use.

use std::sync::Arc;

use counterseal_shared::{
    Dialect, Key, KeyMembers, KeyVault, Message, Policy, PolicyMembers, Problem, Profile, Reads,
    RingMembers, Scheme, Signer, Store, Value, Verdict, Verifier, Waiting, WindowMembers,
};

const NOW: i64 = 1_800_000_000_000;

fn key() -> Key {
    let members = KeyMembers {
        id: "worker-7",
        secret: &[7; 32],
        since: NOW,
        until: None,
        scope: "jobs",
        revoked: false,
    };
    Key::new(&members).expect("parts that can be")
}

fn verifier(store: Option<Arc<Store>>) -> Verifier {
    let members = PolicyMembers {
        authorities: vec!["api.example".into()],
        ..PolicyMembers::default()
    };
    Verifier::new(
        Reads::Own(Policy::new(members).expect("parts that can be")),
        &[key()],
        store,
        None,
    )
    .expect("parts that can be")
}

/// A request that is signed with [`key`], given to `receive`.
fn signed<T>(receive: impl FnOnce(&Message<'_>) -> T) -> T {
    let mut message = Message {
        method: "GET".into(),
        scheme: Scheme::Https,
        authority: "api.example".into(),
        path: b"/v1/jobs"[..].into(),
        query: b""[..].into(),
        headers: Vec::new(),
        body: b""[..].into(),
    };
    let signer = Signer::new(&key(), &Profile::default(), None).expect("parts that can be");
    let fields = signer
        .sign(&message, NOW, &[9; 16])
        .expect("parts that can be");
    let fields = fields.into_iter();
    message.headers = fields
        .map(|(n, v)| (n.into(), v.into_bytes().into()))
        .collect();
    receive(&message)
}

fn begun() -> Waiting {
    signed(|message| verifier(None).begin(message, NOW)).expect("parts that can be")
}

fn text(word: &str) -> Vec<Vec<Value>> {
    vec![vec![Value::Text(word.into())]]
}

fn code(refused: Result<Verdict, Problem>) -> &'static str {
    refused.err().expect("a refusal").code.name
}

#[test]
fn an_answer_decides_and_a_decision_is_taken_once() {
    let waiting = begun();
    assert_eq!(
        code(waiting.verdict()),
        "pending_spent",
        "nothing is decided yet"
    );
    let statement = waiting.statement(Dialect::Sqlite, None).unwrap().unwrap();
    assert_eq!(statement.name, "counterseal_claim");
    waiting.answer(Some(text("fresh"))).unwrap();
    assert!(waiting.statement(Dialect::Sqlite, None).unwrap().is_none());
    assert_eq!(waiting.answer(None).unwrap_err().code.name, "pending_spent");
    assert!(matches!(waiting.verdict(), Ok(Verdict::Verified(_))));
    assert_eq!(code(waiting.verdict()), "pending_spent");
}

#[test]
fn silence_and_nonsense_refuse_and_the_problem_tells_them_apart() {
    for (rows, malformed) in [
        (None, false),
        (Some(text("maybe")), true),
        (Some(vec![vec![]]), true),
    ] {
        let waiting = begun();
        waiting.answer(rows).unwrap();
        let problem = waiting.verdict().err().unwrap();
        assert_eq!(problem.code.name, "request_store_unavailable");
        let reason = ("store", "store_answer_malformed".into());
        assert_eq!(problem.detail.contains(&reason), malformed);
    }
}

#[test]
fn h18_a_store_of_ours_answers_each_request_once() {
    let window = WindowMembers::default();
    let ring = Store::ring(RingMembers::default(), window, NOW, &[1; 16]).unwrap();
    let verifier = verifier(Some(Arc::new(ring)));
    assert!(signed(|message| verifier.verify(message, NOW)).is_ok());
    let replayed = signed(|message| verifier.verify(message, NOW));
    assert_eq!(replayed.err().unwrap().code.name, "request_replayed");
}

#[test]
fn keys_need_a_store_of_rows() {
    let vault = KeyVault::new(&[5; 32]).unwrap();
    let window = WindowMembers::default();
    let ring = Store::ring(RingMembers::default(), window, NOW, &[1; 16]).unwrap();
    let refused = vault.load("worker-7").unwrap().run(&ring);
    assert_eq!(code(refused), "binding_store_unfit");
    let memory = Store::memory(None, window, NOW).unwrap();
    let missing = vault.load("worker-7").unwrap().run(&memory);
    assert_eq!(code(missing), "request_key_missing");
    let new = KeyMembers {
        id: "worker-7",
        secret: &[7; 32],
        since: NOW,
        until: None,
        scope: "jobs",
        revoked: false,
    };
    let saved = vault.save(&new, &[3; 12]).unwrap().run(&memory);
    assert!(matches!(saved, Ok(Verdict::Done)));
    let Ok(Verdict::Key(loaded)) = vault.load("worker-7").unwrap().run(&memory) else {
        panic!("the key that was saved")
    };
    assert_eq!((loaded.id(), loaded.scope()), ("worker-7", "jobs"));
}

#[test]
fn a_store_of_a_shorter_window_is_refused_with_the_policy() {
    let window = WindowMembers::default();
    let ring = Store::ring(RingMembers::default(), window, NOW, &[1; 16]).unwrap();
    let members = PolicyMembers {
        authorities: vec!["api.example".into()],
        past_seconds: Some(61),
        ..PolicyMembers::default()
    };
    let refused = Verifier::new(
        Reads::Own(Policy::new(members).unwrap()),
        &[],
        Some(Arc::new(ring)),
        None,
    );
    assert_eq!(refused.err().unwrap().code.name, "binding_store_window");
}

#[test]
fn a_path_that_cannot_be_is_refused_by_its_code() {
    let window = WindowMembers::default();
    for path in ["", "a\0b", &"x".repeat(5_000)] {
        let refused = Store::shared(path, RingMembers::default(), window, NOW, &[1; 16]);
        let code = refused.err().unwrap().code.name;
        assert!(code.starts_with("binding_argument_"), "{code}");
    }
}
