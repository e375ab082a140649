//! The whole verification of a request, its nonce claimed at a million live ones.

use std::hint::black_box;

use counterseal_core::{Seed, Span, Time};
use counterseal_request::{KeySet, Signed, Signer, Verified};

use crate::harness::Bench;
use crate::live::{BEGUN, Guard, STEADY, at, moka, nonce, ring, steady, touch};
use crate::request::{
    HEADERS, base, key_of, order, peer_verify, received, ring_hmac, signer_of, verifier,
};

/// The floor is the MAC and one dependent read of a line. The peer gets the nonce for nothing.
pub fn verify() -> Bench {
    let base = base();
    let size = base.len() as f64;
    let (mut hmac, mut touch) = (ring_hmac(base), touch());
    let (mut verify, moka) = (peer_verify(), steady(moka()));
    let mut numbers = STEADY..;
    Bench::new("request_verify_claimed")
        .item("floor", size, move || (hmac(), touch()))
        .prepared("counterseal", size, requests(), ours())
        .item("httpsig_moka", size, move || {
            verify();
            let number = numbers.next().expect("numbers do not end");
            let fresh = moka.claim(nonce(number), at(number));
            assert!(fresh, "a fresh nonce is fresh");
        })
}

/// Requests in the order of their times, each with the time at which it comes.
fn requests() -> impl FnMut() -> (Signed, Time) {
    let signers: Vec<Signer> = ids().map(|id| signer_of(key_of(&id))).collect();
    let mut numbers = STEADY..;
    move || {
        let number = numbers.next().expect("numbers do not end");
        let now = BEGUN.plus(Span::from_millis(at(number)));
        let signer = &signers[number as usize % signers.len()];
        let signed = signer.sign(&order(&HEADERS), now, &Seed::new(nonce(number)));
        (signed.expect("it can be signed"), now)
    }
}

fn ours() -> impl FnMut(&(Signed, Time)) -> Verified {
    let verifier = verifier();
    let keys = KeySet::new(ids().map(|id| key_of(&id))).expect("each id once");
    let ring = steady(ring());
    move |(signed, now)| {
        let headers = received(signed);
        let pending = verifier.begin(black_box(&order(&headers)), &keys, *now);
        let pending = pending.expect("it verifies");
        let reply = ring.claim(&pending.claim());
        pending.finish(Ok(reply)).expect("a fresh nonce is fresh")
    }
}

/// Ids of so many keys that none meets its cap.
fn ids() -> impl Iterator<Item = String> {
    (0..64).map(|number| format!("worker-{number}"))
}
