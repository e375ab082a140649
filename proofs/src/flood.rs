//! Floods: of requests that nobody signed, and of requests that one client signed.

use std::fs;

use counterseal_core::{Claim, Claimed, Run, Seed, Span, Time};
use counterseal_replay::Shape;
use counterseal_shm::SharedRing;
use counterseal_testkit::Scratch;

use crate::Size;
use crate::broken::Evicts;
use crate::honest::{Sent, Site};
use crate::report::Report;
use crate::uses::{BEGINNING, WARM, WINDOW, use_of};

pub(crate) fn prove(size: Size, report: &mut Report) {
    one_client(size, report);
    if size == Size::Broken {
        return;
    }
    nobody(size, report);
    bytes_per_nonce(size, report);
}

/// Requests that nobody signed, each with a nonce of its own.
fn nobody(size: Size, report: &mut Report) {
    let requests = if size == Size::Full {
        10_000_000
    } else {
        200_000
    };
    let host = Host::new(200);
    let clients = Site::new(4);
    let template = clients.sign(0, WARM, 0);
    let forge = |requests: u64| {
        let refused = (0..requests).map(|nonce| {
            let forged = if nonce % 64 == 0 {
                &clients.sign(1, WARM, nonce)
            } else {
                &template
            };
            clients.verify_forged(&host.ring, forged, WARM)
        });
        refused
            .filter(|refused| *refused != Err("request_mac_mismatch"))
            .count()
    };
    forge(requests / 10);
    let (before, file, memory) = (host.ring.gauge(), host.size(), resident());
    let others = forge(requests);
    let (after, grown) = (host.ring.gauge(), resident().saturating_sub(memory));
    report.check(
        "requests that nobody signed grow nothing",
        others == 0 && after == before && host.size() == file && grown < 1 << 20,
        [
            ("requests", requests.into()),
            ("nonces_kept", after.live.into()),
            ("file_bytes_grown", (host.size() - file).into()),
            ("resident_bytes_grown", grown.into()),
        ],
    );
}

/// One client signs as fast as it can; the others do as always.
fn one_client(size: Size, report: &mut Report) {
    let seconds = if size == Size::Full { 600 } else { 60 };
    let host = Host::new(200);
    let evicts = Evicts::default();
    let store: &dyn Run<Claim> = if size == Size::Broken {
        &evicts
    } else {
        &host.ring
    };
    let clients = Site::new(OTHERS + 1);
    let mut kept: Vec<(Time, Sent)> = Vec::new();
    let [
        mut flood,
        mut limited,
        mut flooded,
        mut honest,
        mut accepted,
        mut replayed,
    ] = [0_u64; 6];
    for second in 0..seconds {
        let now = WARM.plus(Span::from_seconds(second));
        for nonce in 0..FLOOD {
            let sent = clients.sign(0, now, nonce_of(second, nonce));
            let verified = clients.verify(store, &sent, now);
            flood += 1;
            limited += u64::from(verified == Err("request_limited"));
            flooded += u64::from(verified.is_ok());
        }
        for client in 1..=OTHERS {
            let sent = clients.sign(client, now, nonce_of(second, client as u64));
            honest += 1;
            accepted += u64::from(clients.verify(store, &sent, now).is_ok());
            kept.push((now, sent));
        }
        let again = |sent: &Sent| clients.verify(store, sent, now).is_ok();
        replayed += kept
            .iter()
            .rev()
            .take(500)
            .filter(|(_, sent)| again(sent))
            .count() as u64;
    }
    report.check(
        "a flood of one client is limited, and nobody else is",
        limited > 0 && limited + flooded == flood && accepted == honest && replayed == 0,
        [
            ("flood", flood.into()),
            ("limited", limited.into()),
            ("honest", honest.into()),
            ("accepted", accepted.into()),
            ("false_accepts", replayed.into()),
        ],
    );
}

/// Mapped bytes for each nonce that would be answered `Held`, after three turns at the rate that the ring was
/// made for.
fn bytes_per_nonce(size: Size, report: &mut Report) {
    let per_second = if size == Size::Full { 20_000 } else { 1_000 };
    for (what, ahead) in [("exact clocks", 0), ("one signer 60 s ahead", 60)] {
        let host = Host::new(per_second);
        let seconds = 3 * 26 * 15;
        let claims = |second: i64| {
            let now = WARM.plus(Span::from_seconds(second));
            (0..u64::from(per_second)).map(move |at| {
                let name = second.unsigned_abs() << 20 | at;
                // One of 64 owners, if anyone.
                let off = if at % 64 == 63 { ahead } else { 0 };
                use_of(
                    at % 64,
                    name,
                    Time::EPOCH,
                    now.plus(Span::from_seconds(off)),
                )
            })
        };
        let answers = |claims: &mut dyn Iterator<Item = Claim>, wanted: Claimed| {
            claims
                .filter(|claim| host.ring.run(*claim) == Ok(wanted))
                .count() as u64
        };
        let fresh = answers(&mut (0..seconds).flat_map(claims), Claimed::Fresh);
        let held = answers(&mut (0..seconds).flat_map(claims), Claimed::Held);
        let hundredths = u32::try_from(host.size() * 100 / held.max(1)).unwrap_or(u32::MAX);
        let all = seconds.unsigned_abs() * u64::from(per_second);
        report.check(
            &format!("bytes for each retained nonce, {what}"),
            host.size() <= 17 * held && fresh == all,
            [
                ("bytes", (f64::from(hundredths) / 100.0).into()),
                ("retained", held.into()),
                ("nonces", all.into()),
                ("accepted", fresh.into()),
            ],
        );
    }
}

/// A shared ring in a directory of its own.
struct Host {
    ring: SharedRing,
    scratch: Scratch,
}

impl Host {
    fn new(per_second: u32) -> Self {
        let scratch = Scratch::new();
        let path = scratch.path().join("private").join("ring");
        let shape = Shape::for_rate(per_second);
        let ring = SharedRing::open(&path, shape, WINDOW, BEGINNING, &Seed::new([7; 16]));
        Host {
            ring: ring.expect("a ring"),
            scratch,
        }
    }

    fn size(&self) -> u64 {
        let path = self.scratch.path().join("private").join("ring");
        fs::metadata(path).expect("the ring's file").len()
    }
}

/// Bytes of memory that this process has, where the system says so.
pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(0) * 1_024
}

/// A nonce that is used once.
fn nonce_of(second: i64, number: u64) -> u64 {
    second.unsigned_abs() << 20 | number
}

const FLOOD: u64 = 1_000;
const OTHERS: usize = 8;
