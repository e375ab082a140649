//! Rate limits as plain data: every store counts alike, and a refusal tells how long to wait.

use counterseal_shared::{
    Admitted, Counting, Dialect, Limit, LimitMembers, Problem, RingMembers, Store, Value, Verdict,
    Waiting, WindowMembers, client_address, sweeping_cells,
};

const NOW: i64 = 1_800_000_000_000;
const ONE: Counting = Counting {
    cost: 1,
    is_crowded: false,
    now: NOW,
};

fn members() -> LimitMembers {
    LimitMembers {
        name: "login".into(),
        burst: 3,
        every_ms: 1_500,
        ..LimitMembers::default()
    }
}

fn limit(members: &LimitMembers) -> Limit {
    Limit::new(members).expect("a limit")
}

fn code<T>(answer: Result<T, Problem>) -> &'static str {
    answer.err().expect("a refusal").code.name
}

fn admitted(verdict: Result<Verdict, Problem>) -> Result<Admitted, Problem> {
    let Verdict::Admitted(admitted) = verdict? else {
        unreachable!("a limit ends in this");
    };
    Ok(admitted)
}

fn directory(name: &str) -> std::path::PathBuf {
    let place = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&place);
    place
}

/// Every store that counts.
fn stores() -> [Store; 4] {
    let window = WindowMembers::default();
    let files = directory("limit-stores");
    let at = |name: &str| {
        files
            .join(name)
            .to_str()
            .expect("a path that is text")
            .to_owned()
    };
    let cells = Store::shared_cells(&at("cells"), None, &[7; 16]).expect("a file");
    [
        Store::cells(Some(4_096), &[7; 16]).expect("cells"),
        cells,
        Store::memory(None, window, NOW).expect("a memory"),
        Store::sqlite(&at("limits.db"), window, NOW).expect("a database"),
    ]
}

#[test]
fn a_burst_passes_on_every_store_and_the_next_one_is_told_to_wait() {
    let limit = limit(&members());
    for store in stores() {
        let ask = || admitted(limit.by_address("2001:db8::1", ONE)?.run(&store));
        for left in [2, 1, 0] {
            let admitted = ask().expect("within");
            assert_eq!(admitted.left(), Some(left));
            assert_eq!(
                admitted.headers()[0],
                ("ratelimit-policy", "\"login\";q=3;w=5".into())
            );
        }
        let refused = ask().err().expect("over");
        assert_eq!(
            (refused.code.name, refused.code.http),
            ("limit_exceeded", 429)
        );
        assert_eq!(refused.retry_after(), Some(2));
        assert_eq!(refused.headers.last(), Some(&("retry-after", "2".into())));
        assert_eq!(refused.detail[0], ("limit", "login".into()));
        assert!(
            refused
                .event
                .as_ref()
                .is_some_and(|event| !event.contains("2001"))
        );
        assert!(!store.is_crowded(NOW).expect("an answer"));
        store.sweep_cells(NOW + 60_000, 100).expect("an answer");
    }
}

#[test]
fn names_and_keys_are_counted_apart() {
    let (limit, store) = (
        limit(&members()),
        Store::cells(None, &[7; 16]).expect("cells"),
    );
    let all = Counting { cost: 3, ..ONE };
    let ask = |waiting: Result<Waiting, Problem>| {
        admitted(waiting?.run(&store)).map(|admitted| admitted.left())
    };
    assert_eq!(ask(limit.by_name("alice", all)).expect("within"), Some(0));
    assert_eq!(code(ask(limit.by_name(" ALICE", ONE))), "limit_exceeded");
    assert_eq!(ask(limit.by_key("alice", all)).expect("within"), Some(0));
}

#[test]
fn a_hosts_own_database_is_asked_for_one_cell_after_the_other() {
    let waiting = limit(&members())
        .by_address("2001:db8::1", ONE)
        .expect("a decision");
    for _ in 0..2 {
        let statement = waiting
            .statement(Dialect::Postgres, None)
            .unwrap()
            .expect("a charge");
        assert_eq!(statement.name, "counterseal_charge");
        waiting
            .answer(Some(vec![vec![Value::Int(NOW + 1_500), Value::Int(1)]]))
            .expect("asked");
    }
    assert!(
        waiting
            .statement(Dialect::Postgres, None)
            .unwrap()
            .is_none()
    );
    assert_eq!(admitted(waiting.verdict()).expect("within").left(), Some(2));
    let sweep = sweeping_cells(Dialect::Sqlite, NOW, 10).expect("a statement");
    assert_eq!(sweep.values[0], Value::Text("limit".into()));
}

#[test]
fn a_silent_store_refuses_unless_the_limit_admits() {
    let ask = |members: &LimitMembers| {
        let waiting = limit(members)
            .by_address("192.0.2.7", ONE)
            .expect("a decision");
        waiting.answer(None).expect("asked");
        admitted(waiting.verdict())
    };
    let refused = ask(&members()).err().expect("unknown");
    assert_eq!(
        (refused.code.name, refused.code.http),
        ("limit_unavailable", 503)
    );
    assert!(refused.headers.is_empty());
    let admits = LimitMembers {
        admits_unknown: true,
        ..members()
    };
    assert_eq!(ask(&admits).expect("admitted").left(), None);
}

#[test]
fn a_limit_that_yields_asks_nothing_in_a_crowd() {
    let yields = limit(&LimitMembers {
        yields: true,
        ..members()
    });
    assert!(yields.yields() && !limit(&members()).yields());
    let crowd = Counting {
        is_crowded: true,
        ..ONE
    };
    let waiting = yields.by_address("192.0.2.7", crowd).expect("a decision");
    assert!(waiting.statement(Dialect::Sqlite, None).unwrap().is_none());
    assert!(
        admitted(waiting.verdict())
            .expect("admitted")
            .stepped_aside()
    );
}

#[test]
fn a_store_that_keeps_something_else_is_refused() {
    let window = WindowMembers::default();
    let ring = Store::ring(RingMembers::default(), window, NOW, &[7; 16]).expect("a ring");
    let waiting = limit(&members())
        .by_address("192.0.2.7", ONE)
        .expect("a decision");
    assert_eq!(code(waiting.run(&ring)), "binding_store_unfit");
}

#[test]
fn b07_what_cannot_be_has_its_code() {
    let with = |change: &dyn Fn(&mut LimitMembers)| {
        let mut members = members();
        change(&mut members);
        code(Limit::new(&members))
    };
    assert_eq!(
        with(&|limit| limit.name = "Login".into()),
        "limit_name_invalid"
    );
    assert_eq!(with(&|limit| limit.burst = 0), "limit_rate_invalid");
    assert_eq!(with(&|limit| limit.burst = -1), "binding_argument_range");
    assert_eq!(
        with(&|limit| limit.every_ms = 1 << 32),
        "binding_argument_range"
    );
    assert_eq!(
        with(&|limit| limit.site = Some((0, 1))),
        "limit_rate_invalid"
    );
    let limit = limit(&members());
    for (client, counting, refused) in [
        ("192.0.2.7:80", ONE, "binding_argument_choice"),
        (
            "192.0.2.7",
            Counting { cost: 0, ..ONE },
            "limit_cost_invalid",
        ),
        (
            "192.0.2.7",
            Counting { cost: 4, ..ONE },
            "limit_cost_invalid",
        ),
        (
            "192.0.2.7",
            Counting { cost: -1, ..ONE },
            "binding_argument_range",
        ),
        (
            "192.0.2.7",
            Counting { now: -1, ..ONE },
            "binding_argument_range",
        ),
    ] {
        assert_eq!(code(limit.by_address(client, counting)), refused);
    }
    assert_eq!(code(limit.by_key("a b", ONE)), "key_id_invalid");
    assert_eq!(
        code(Store::cells(Some(0), &[7; 16])),
        "binding_argument_range"
    );
    assert_eq!(
        code(Store::cells(None, &[7; 15])),
        "binding_argument_length"
    );
}

#[test]
fn a_clients_address_is_that_of_the_connection_unless_proxies_say_otherwise() {
    let client =
        |peer, field, hops| client_address(peer, field, &["203.0.113.9, 198.51.100.7"], hops);
    let found = |peer, hops| client(peer, "x-forwarded-for", hops).expect("an address");
    assert_eq!(found(Some("10.0.0.1"), 0), "10.0.0.1");
    assert_eq!(found(Some("10.0.0.1"), 1), "198.51.100.7");
    assert_eq!(found(Some("fe80::1%eth0"), 0), "fe80::1");
    assert_eq!(found(Some("testclient"), 0), "0.0.0.0");
    assert_eq!(found(None, 2), "203.0.113.9");
    let element = client_address(None, "forwarded", &["for=192.0.2.7"], 1);
    assert_eq!(element.expect("an address"), "192.0.2.7");
    assert_eq!(
        code(client(None, "x-real-ip", 1)),
        "binding_argument_choice"
    );
    assert_eq!(
        code(client(None, "forwarded", 256)),
        "binding_argument_range"
    );
    assert_eq!(
        code(client(None, "forwarded", -1)),
        "binding_argument_range"
    );
}
