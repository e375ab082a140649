//! Rate limits: whom a request counts for.

use std::net::{IpAddr, Ipv4Addr};

use counterseal::core::{Charge, Pending, Step, Time};
use counterseal::limit::{Admission, Limit, client_address, forwarded_address};

/// Any fields end in the peer's address, or in one that stands in them.
pub fn limit_client_address(data: &[u8]) {
    let Some((hops, text)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text).into_owned();
    let client = |hops| client_address(PEER, text.split('\n'), hops);
    assert_eq!(client(0), PEER);
    let found = client(*hops);
    let entries = text
        .split(['\n', ','])
        .map(|entry| entry.trim_matches([' ', '\t', '[']));
    let mut stands = entries.flat_map(|entry| {
        let ends = (0..=entry.len()).filter(|at| entry.is_char_boundary(*at));
        ends.filter_map(|end| entry[..end].parse::<IpAddr>().ok())
    });
    assert!(found == PEER || stands.any(|address| address.to_canonical() == found));
    let _ = limit().by_address(found, 1, Time::EPOCH);
    let forwarded = |hops| forwarded_address(PEER, text.split('\n'), hops);
    assert_eq!(forwarded(0), PEER);
    let _ = forwarded(*hops);
    let ours = format!("{text},for=192.0.2.7");
    assert_eq!(
        forwarded_address(PEER, [&*ours], 1),
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))
    );
}

/// What is not seen in a name does not count.
pub fn limit_by_name(data: &[u8]) {
    let name = String::from_utf8_lossy(data).into_owned();
    let spaced: String = name
        .chars()
        .flat_map(|letter| [letter, ' ', '\u{200b}'])
        .collect();
    let charge = |name: &str| charge(limit().by_name(name, 1, Time::EPOCH));
    assert_eq!(charge(&name), charge(&spaced));
    assert_eq!(charge(&name), charge(&name.to_lowercase()));
}

fn charge(step: Step<Admission>) -> Charge {
    match step {
        Step::Need(admission) => admission.op(),
        Step::Done(_) => panic!("a limit asks its store"),
    }
}

fn limit() -> Limit {
    Limit::new("fuzz", 5, 1_000).expect("a limit")
}

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
