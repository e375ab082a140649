//! The memory passes the conformance suite.

use counterseal_core::{Claim, Claimed, Run, Time};
use counterseal_memory::Memory;
use counterseal_testkit::claims::claim;
use counterseal_testkit::{
    NOW, WINDOW, cell_tests, charge_tests, claim_tests, edit_tests, ended_tests, full_tests,
    linked_tests, row_tests, sweep_tests, together_tests,
};

fn make(now: Time) -> Memory {
    Memory::new(WINDOW, 10_000, now)
}

cell_tests!(make);
charge_tests!(make);
claim_tests!(make);
full_tests!(make);
row_tests!(make);
edit_tests!(make);
ended_tests!(make);
linked_tests!(make);
together_tests!(make);
sweep_tests!(make);

#[test]
fn the_bounds_are_exact() {
    let memory = Memory::new(WINDOW, 8, NOW).with_owner_cap(3);
    let run = |owner, nonce| memory.run(claim(owner, NOW, nonce));
    for nonce in 0..3 {
        assert_eq!(run(1, nonce), Ok(Claimed::Fresh));
    }
    assert_eq!(run(1, 3), Ok(Claimed::OwnerFull));
    for owner in 2..7 {
        assert_eq!(run(owner, 0), Ok(Claimed::Fresh));
    }
    assert_eq!(run(7, 0), Ok(Claimed::Full));
    assert_eq!(run(1, 3), Ok(Claimed::Full));
    assert_eq!(run(1, 0), Ok(Claimed::Held));
}

#[test]
fn an_owners_share_comes_back_when_its_claims_are_over() {
    let memory = Memory::new(WINDOW, 100, NOW).with_owner_cap(1);
    assert_eq!(memory.run(claim(1, NOW, 0)), Ok(Claimed::Fresh));
    assert_eq!(memory.run(claim(1, NOW, 1)), Ok(Claimed::OwnerFull));
    let over = claim(1, NOW, 0).until.plus(WINDOW.future);
    assert_eq!(memory.run(claim(1, over, 2)), Ok(Claimed::OwnerFull));
    let later = Time::from_millis(over.millis() + 1);
    assert_eq!(memory.run(claim(1, later, 3)), Ok(Claimed::Fresh));
}

#[test]
fn it_serves_async_callers_without_a_runtime() {
    let memory = make(NOW);
    let answer = counterseal_core::RunAsync::<Claim>::run(&memory, claim(1, NOW, 0));
    let mut answer = std::pin::pin!(answer);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let answer = answer.as_mut().poll(&mut context);
    assert_eq!(answer, std::task::Poll::Ready(Ok(Claimed::Fresh)));
}
