//! May a genuine token still act: each refusal, each change, and a store that fails at every step.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use counterseal_core::{
    Bound, KeyId, Lifetime, Pending, Refusal, Run, Secret, Seed, Span, Step, Time, Unavailable,
    drive,
};
use counterseal_jwt::{
    ChangeAccessKey, ChangeSubject, Claims, Denied, DenyToken, IssueError, LiveToken, Minter,
    StandingCache, StandingError, StandingPolicy, StandingWriteError, TokenAlgorithm, TokenKeys,
    TokenPolicy, TokenSigner, TokenVerifier, VerifiedToken,
};
use counterseal_memory::Memory;
use counterseal_testkit::{Fault, Faulty, NOW, WINDOW};

const TENANT: &str = "https://iss.example";

fn memory() -> Memory {
    Memory::new(WINDOW, 100, NOW)
}

fn policy() -> StandingPolicy {
    StandingPolicy::new(TENANT).unwrap()
}

fn signer() -> TokenSigner {
    let id = KeyId::parse("k1").unwrap();
    TokenSigner::hmac(id, TokenAlgorithm::Hs256, &Secret::new(vec![7; 32])).unwrap()
}

/// A genuine token with these claims; its id is the same for the same seed.
#[allow(clippy::needless_pass_by_value)] // a builder, made where it is used
fn token(claims: Claims, seed: u8) -> VerifiedToken<'static> {
    let policy = TokenPolicy::access(TENANT, "api").unwrap();
    let life = Lifetime::clamp(
        Span::from_minutes(10),
        &[Bound::ceiling("p", Span::from_minutes(30))],
        NOW,
    );
    let minter = Minter::new(signer(), &policy);
    let text = minter
        .mint(&claims, &life.unwrap(), &Seed::new([seed; 16]))
        .unwrap();
    let keys = TokenKeys::new([signer().key().clone()]).unwrap();
    let verifier = TokenVerifier::new(policy);
    verifier
        .verify(std::str::from_utf8(text.expose()).unwrap(), &keys, NOW)
        .unwrap()
        .into_owned()
}

fn user(version: i64) -> VerifiedToken<'static> {
    token(Claims::of("user-7").at_version(version), 1)
}

fn done<P: Pending<Outcome = Result<T, StandingWriteError>>, T>(
    store: &impl Run<P::Op>,
    step: Step<P>,
) -> T {
    drive(store, step).unwrap()
}

fn code<T>(outcome: Result<T, StandingError>) -> &'static str {
    outcome.map_or_else(|error| error.code().name, |_| "live")
}

fn standing(store: &Memory, token: &VerifiedToken<'_>) -> &'static str {
    code(drive(store, policy().begin(token)))
}

#[test]
fn c31_a_version_is_the_current_one_or_the_token_is_refused() {
    let store = memory();
    assert_eq!(standing(&store, &user(0)), "jwt_subject_unknown");
    done(&store, ChangeSubject::register(TENANT, "user-7", NOW));
    assert_eq!(standing(&store, &user(0)), "live");
    assert_eq!(standing(&store, &token(Claims::of("user-7"), 1)), "live");
    let subject = done(&store, ChangeSubject::bump(TENANT, "user-7", NOW));
    assert_eq!(subject.user_ver, 1);
    assert_eq!(standing(&store, &user(0)), "jwt_user_ver");
    assert_eq!(
        standing(&store, &token(Claims::of("user-7"), 1)),
        "jwt_user_ver"
    );
    assert_eq!(standing(&store, &user(1)), "live");
    assert_eq!(standing(&store, &user(2)), "jwt_user_ver_ahead");
    let subject = done(&store, ChangeSubject::bump_past(TENANT, "user-7", 2, NOW));
    assert_eq!(subject.user_ver, 3);
    assert_eq!(standing(&store, &user(3)), "live");
}

#[test]
fn c31_a_subject_that_is_not_stored_is_at_version_0() {
    let (store, any) = (memory(), policy().any_subject());
    let ask = |version| code(drive(&store, any.begin(user(version))));
    assert_eq!((ask(0), ask(1)), ("live", "jwt_user_ver_ahead"));
    done(&store, ChangeSubject::bump(TENANT, "user-7", NOW));
    assert_eq!((ask(0), ask(1)), ("jwt_user_ver", "live"));
}

#[test]
fn c31_a_store_that_fails_refuses() {
    for fault in [Fault::Lost, Fault::Refused] {
        let store = memory();
        done(&store, ChangeSubject::register(TENANT, "user-7", NOW));
        let store = Faulty::with(store, [Some(fault)]);
        let token = user(0);
        assert_eq!(
            code(drive(&store, policy().begin(&token))),
            "store_unavailable"
        );
        assert_eq!(code(drive(&store, policy().begin(&token))), "live");
    }
}

#[test]
fn c32_an_access_key_is_registered_active_and_the_subjects_own() {
    let store = memory();
    for id in ["user-7", "user-8"] {
        done(&store, ChangeSubject::register(TENANT, id, NOW));
    }
    let by = |id: &str| standing(&store, &token(Claims::of(id).by_access_key("key-1"), 1));
    assert_eq!(by("user-7"), "jwt_access_key");
    let register = |subject| {
        drive(
            &store,
            ChangeAccessKey::register(TENANT, "key-1", subject, NOW),
        )
    };
    let disable = || drive(&store, ChangeAccessKey::disable(TENANT, "key-1", NOW));
    assert_eq!(disable(), Err(StandingWriteError::Missing));
    register("user-7").unwrap();
    register("user-7").unwrap();
    assert_eq!(register("user-8"), Err(StandingWriteError::KeyTaken));
    assert_eq!((by("user-7"), by("user-8")), ("live", "jwt_access_key"));
    disable().unwrap();
    assert_eq!(by("user-7"), "jwt_access_key");
    assert_eq!(register("user-7"), Err(StandingWriteError::KeyTaken));
    let needs = policy().with_access_key();
    assert_eq!(code(drive(&store, needs.begin(user(0)))), "jwt_access_key");
}

#[test]
fn e15_a_denied_token_stays_so_whatever_its_text_is() {
    let store = memory();
    done(&store, ChangeSubject::register(TENANT, "user-7", NOW));
    let (one, other) = (
        token(Claims::of("user-7"), 1),
        token(Claims::of("user-7"), 2),
    );
    let deny = || {
        done(
            &store,
            DenyToken::begin(TENANT, one.id().unwrap(), one.expires()),
        )
    };
    let until = deny().until;
    assert!(
        until >= one.expires().plus(Span::from_seconds(120)),
        "longer than any leeway"
    );
    let again = token(Claims::of("user-7").with_text("nick", "x"), 1);
    assert_eq!(again.id(), one.id());
    let ask = |token| standing(&store, token);
    assert_eq!(
        (ask(&one), ask(&again), ask(&other)),
        ("jwt_denied", "jwt_denied", "live")
    );
    let sweep = |before| {
        store
            .run(counterseal_core::SweepRows::<Denied>::new(before, 10))
            .unwrap()
    };
    assert_eq!(sweep(until), 0);
    assert_eq!(ask(&one), "jwt_denied");
    assert_eq!(deny().until, until);
    assert_eq!(sweep(Time::from_millis(until.millis() + 1)), 1);
    assert_eq!(sweep(Time::NEVER), 0);
}

#[test]
fn r14_a_disabled_subjects_tokens_do_not_come_back() {
    let store = memory();
    done(&store, ChangeSubject::register(TENANT, "user-7", NOW));
    let enable = || drive(&store, ChangeSubject::enable(TENANT, "user-7", NOW));
    assert_eq!(enable().unwrap().user_ver, 0);
    for _ in 0..2 {
        let subject = done(&store, ChangeSubject::disable(TENANT, "user-7", NOW));
        assert_eq!(subject.user_ver, 1);
        assert_eq!(standing(&store, &user(0)), "jwt_subject_disabled");
        assert_eq!(standing(&store, &user(1)), "jwt_subject_disabled");
    }
    assert_eq!(enable().unwrap().disabled, None);
    assert_eq!(
        (standing(&store, &user(0)), standing(&store, &user(1))),
        ("jwt_user_ver", "live")
    );
    let unknown = drive(&store, ChangeSubject::enable(TENANT, "user-8", NOW));
    assert_eq!(unknown, Err(StandingWriteError::Missing));
}

#[test]
fn a_token_of_the_version_that_is_told_stands() {
    let store = memory();
    let asked = |policy: StandingPolicy| {
        let version = drive(&store, policy.version_of("user-7"));
        version.map_err(|error| error.code().name)
    };
    assert_eq!(asked(policy()), Err("jwt_subject_unknown"));
    assert_eq!(asked(policy().any_subject()), Ok(0));
    for change in [
        ChangeSubject::register,
        ChangeSubject::bump,
        ChangeSubject::bump,
    ] {
        done(&store, change(TENANT, "user-7", NOW));
        let version = asked(policy()).unwrap();
        assert!(drive(&store, policy().begin(user(version))).is_ok());
    }
    assert_eq!(asked(policy()), Ok(2));
    done(&store, ChangeSubject::disable(TENANT, "user-7", NOW));
    assert_eq!(asked(policy().any_subject()), Err("jwt_subject_disabled"));
    let Step::Need(pending) = policy().version_of("user-7") else {
        unreachable!("it asks the store")
    };
    let Step::Done(outcome) = pending.finish(Err(Unavailable)) else {
        unreachable!("it is done")
    };
    assert_eq!(outcome, Err(IssueError::Unavailable));
}

#[test]
fn tenants_are_apart() {
    let store = memory();
    done(&store, ChangeSubject::register("other", "user-7", NOW));
    assert_eq!(standing(&store, &user(0)), "jwt_subject_unknown");
    done(&store, ChangeSubject::register(TENANT, "user-7", NOW));
    done(&store, ChangeSubject::bump("other", "user-7", NOW));
    let token = user(0);
    done(
        &store,
        DenyToken::begin("other", token.id().unwrap(), token.expires()),
    );
    assert_eq!(standing(&store, &token), "live");
}

#[test]
fn versions_end_before_numbers_of_json_do() {
    let store = memory();
    let last = (1 << 53) - 1;
    let bump = |seen| {
        drive(
            &store,
            ChangeSubject::bump_past(TENANT, "user-7", seen, NOW),
        )
    };
    assert_eq!(bump(last - 1).unwrap().user_ver, last);
    for seen in [0, i64::MAX] {
        assert_eq!(bump(seen), Err(StandingWriteError::Exhausted));
    }
}

/// A change whose store fails at its first or second step, before or after it, is told as failed; done again it has come about.
#[test]
fn a_change_whose_answer_was_lost_can_be_made_again() {
    for fault in [Fault::Lost, Fault::Refused] {
        for step in 0..2 {
            let schedule = (0..2).map(move |at| (at == step).then_some(fault));
            let store = Faulty::with(memory(), schedule);
            let bump = || drive(&store, ChangeSubject::bump(TENANT, "user-7", NOW));
            assert_eq!(bump(), Err(StandingWriteError::Unavailable));
            // The rest of the schedule.
            let _ = bump();
            assert!(bump().unwrap().user_ver >= 1);
            let token = user(0);
            assert_eq!(standing(store.inner(), &token), "jwt_user_ver");
        }
    }
}

/// A store where somebody else always writes first.
struct Contended(Memory);

impl<R: counterseal_core::Record> Run<counterseal_core::RowOp<R>> for Contended {
    fn run(
        &self,
        op: counterseal_core::RowOp<R>,
    ) -> Result<Option<counterseal_core::Row<R>>, Unavailable> {
        match op {
            counterseal_core::RowOp::Load(_) => self.0.run(op),
            counterseal_core::RowOp::Swap(_) => Ok(None),
        }
    }
}

#[test]
fn a_change_gives_up_after_a_bounded_number_of_tries() {
    let bump = drive(
        &Contended(memory()),
        ChangeSubject::bump(TENANT, "user-7", NOW),
    );
    assert_eq!(bump, Err(StandingWriteError::Contended));
}

fn cache(seconds: i64) -> StandingCache {
    StandingCache::new(policy(), Span::from_seconds(seconds), 8).unwrap()
}

fn at(seconds: i64) -> Time {
    NOW.plus(Span::from_seconds(seconds))
}

/// Whether the cache answers by itself.
fn hits(cache: &mut StandingCache, token: &VerifiedToken<'_>, now: Time) -> bool {
    matches!(cache.begin(token, now), Step::Done(Ok(_)))
}

fn fill<'t>(
    cache: &mut StandingCache,
    store: &Memory,
    token: &'t VerifiedToken<'_>,
    now: Time,
) -> LiveToken<'t> {
    let live = drive(store, cache.begin(token, now)).unwrap();
    cache.keep(&live, now);
    live
}

fn registered() -> Memory {
    let store = memory();
    for id in ["user-7", "user-8"] {
        done(&store, ChangeSubject::register(TENANT, id, NOW));
    }
    store
}

#[test]
fn a_cache_keeps_what_stands_for_its_age_and_no_longer() {
    let (store, token) = (registered(), user(0));
    for age in [0, 1, 60] {
        let mut cache = cache(age);
        fill(&mut cache, &store, &token, NOW);
        assert_eq!(hits(&mut cache, &token, NOW), age > 0);
        let last = Time::from_millis(at(age).millis() - 1);
        assert_eq!(hits(&mut cache, &token, last), age > 0);
        assert!(!hits(&mut cache, &token, at(age)));
    }
    for age in [-1, 61] {
        assert!(StandingCache::new(policy(), Span::from_seconds(age), 8).is_err());
    }
    for places in [0, 65_537] {
        assert!(StandingCache::new(policy(), Span::from_seconds(1), places).is_err());
    }
}

#[test]
fn a_cache_answers_for_exactly_the_token_that_was_asked_for() {
    let (store, mut cache) = (registered(), cache(60));
    fill(&mut cache, &store, &user(0), NOW);
    assert!(hits(&mut cache, &user(0), NOW));
    let of = |subject, seed| token(Claims::of(subject).at_version(0), seed);
    let others = [
        user(1),
        of("user-7", 2),
        of("user-8", 1),
        token(Claims::of("user-7"), 1),
        token(Claims::of("user-7").at_version(0).by_access_key("k"), 1),
    ];
    for other in others {
        assert!(!hits(&mut cache, &other, NOW));
    }
}

#[test]
fn a_cache_forgets_what_it_is_told_to_and_nothing_else() {
    let store = registered();
    done(
        &store,
        ChangeAccessKey::register(TENANT, "key-1", "user-7", NOW),
    );
    let seven = token(Claims::of("user-7").by_access_key("key-1"), 1);
    let eight = token(Claims::of("user-8"), 2);
    let forgets: [fn(&mut StandingCache, &VerifiedToken<'_>); 3] = [
        |cache, _| cache.forget_subject("user-7"),
        |cache, token| cache.forget_token(token.id().unwrap()),
        |cache, _| cache.forget_access_key("key-1"),
    ];
    for forget in forgets {
        let mut cache = cache(60);
        fill(&mut cache, &store, &seven, NOW);
        fill(&mut cache, &store, &eight, NOW);
        forget(&mut cache, &seven);
        assert!(!hits(&mut cache, &seven, NOW));
        assert!(hits(&mut cache, &eight, NOW));
    }
}

#[test]
fn a_cache_empties_when_the_clock_goes_back() {
    let (store, token, mut cache) = (registered(), user(0), cache(60));
    fill(&mut cache, &store, &token, NOW);
    assert!(hits(&mut cache, &token, at(50)));
    // Threads read their clocks in any order.
    assert!(hits(&mut cache, &token, at(49)));
    assert!(!hits(&mut cache, &token, at(40)));
    assert!(!hits(&mut cache, &token, at(50)));
    // What was asked before the clock went back does not come in after it.
    let live = drive(&store, cache.begin(&token, at(50))).unwrap();
    cache.keep(&live, at(10));
    assert!(!hits(&mut cache, &token, at(10)));
    fill(&mut cache, &store, &token, at(10));
    assert!(hits(&mut cache, &token, at(10)));
}

#[test]
fn the_age_counts_from_before_the_load() {
    let (store, token, mut cache) = (registered(), user(0), cache(10));
    let live = drive(&store, cache.begin(&token, NOW)).unwrap();
    cache.keep(&live, at(9));
    assert!(hits(&mut cache, &token, at(9)));
    assert!(!hits(&mut cache, &token, at(10)));
}

#[test]
fn a_cache_is_bounded_and_takes_nothing_of_another() {
    let (store, mut cache, mut other) = (registered(), cache(60), cache(60));
    let tokens: Vec<_> = (0..200)
        .map(|seed| token(Claims::of("user-7"), seed))
        .collect();
    for token in &tokens {
        fill(&mut cache, &store, token, NOW);
        assert!(hits(&mut cache, token, NOW));
    }
    let kept = tokens
        .iter()
        .filter(|token| hits(&mut cache, token, NOW))
        .count();
    assert!((4..=8).contains(&kept), "{kept} of 8 places");
    let live = drive(&store, cache.begin(&tokens[0], at(1))).unwrap();
    other.keep(&live, at(1));
    assert!(!hits(&mut other, &tokens[0], at(1)));
}

/// One of the programs that run at once; each entry is a step.
#[derive(Clone, Copy)]
enum Who {
    Loader(usize),
    Writer,
}

/// Two loads and a bump in every order of their steps: begin, look, keep; write, forget. Once the bump has ended, the cache
/// never says that the old token stands.
#[test]
fn c31_no_order_of_loads_and_a_bump_leaves_an_old_version_in_the_cache() {
    let mut orders = Vec::new();
    merge([3, 3], 2, &mut Vec::new(), &mut orders);
    assert_eq!(orders.len(), 560);
    let token = user(0);
    for order in orders {
        play(&order, &token);
    }
}

fn merge(loads: [u8; 2], writes: u8, order: &mut Vec<Who>, orders: &mut Vec<Vec<Who>>) {
    if loads == [0, 0] && writes == 0 {
        return orders.push(order.clone());
    }
    for (who, left) in [
        (Who::Loader(0), loads[0]),
        (Who::Loader(1), loads[1]),
        (Who::Writer, writes),
    ] {
        if left == 0 {
            continue;
        }
        let (mut loads, mut writes) = (loads, writes);
        match who {
            Who::Loader(at) => loads[at] -= 1,
            Who::Writer => writes -= 1,
        }
        order.push(who);
        merge(loads, writes, order, orders);
        order.pop();
    }
}

/// Where a loader stands.
#[allow(clippy::large_enum_variant)] // two of them
enum Load<'t> {
    New,
    Asking(Box<counterseal_jwt::PendingStanding<'t>>),
    Found(Result<LiveToken<'t>, StandingError>),
    Over,
}

fn play(order: &[Who], token: &VerifiedToken<'_>) {
    let (store, mut cache) = (registered(), cache(60));
    let (mut loads, mut writes) = ([Load::New, Load::New], 0);
    for who in order {
        match *who {
            Who::Loader(at) => {
                let load = std::mem::replace(&mut loads[at], Load::Over);
                loads[at] = step(load, &mut cache, &store, token);
            }
            Who::Writer if writes == 0 => {
                done(&store, ChangeSubject::bump(TENANT, "user-7", NOW));
                writes = 1;
            }
            Who::Writer => {
                cache.forget_subject("user-7");
                writes = 2;
            }
        }
        assert!(
            writes < 2 || !hits(&mut cache, token, NOW),
            "an old version is served"
        );
    }
}

fn step<'t>(
    load: Load<'t>,
    cache: &mut StandingCache,
    store: &Memory,
    token: &'t VerifiedToken<'_>,
) -> Load<'t> {
    match load {
        Load::New => match cache.begin(token, NOW) {
            Step::Need(pending) => Load::Asking(Box::new(pending)),
            Step::Done(outcome) => Load::Found(outcome),
        },
        Load::Asking(pending) => Load::Found(drive(store, Step::Need(*pending))),
        Load::Found(outcome) => {
            if let Ok(live) = outcome {
                cache.keep(&live, NOW);
            }
            Load::Over
        }
        Load::Over => Load::Over,
    }
}

#[test]
fn refusals_say_what_to_do_and_have_codes_of_their_own() {
    for code in StandingError::CODES.iter().chain(StandingWriteError::CODES) {
        assert!(code.name.starts_with("jwt_") && !code.fix.is_empty());
    }
    // What is true stands in the text, and what to do in its code, as in the other rooms; hosts write both.
    let (missing, code) = (
        StandingWriteError::Missing,
        StandingWriteError::Missing.code(),
    );
    assert_eq!(missing.to_string(), code.means);
    assert!(code.fix.contains("register"), "{}", code.fix);
}
