//! The rotation of keys by its edges; every history of it is explored by `cargo xtask prove key-rotation`.

#![allow(clippy::unwrap_used)] // where a panic is a failed test

use counterseal_core::{Refusal, Span, Time};
use counterseal_jwt::{KeyState, RingError, Rotation, RotationPolicy, Turn};

const NOW: Time = Time::from_seconds(1_800_000_000);

fn policy() -> RotationPolicy {
    RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5)).unwrap()
}

fn two() -> (Rotation<u8>, Time) {
    let mut rotation = Rotation::new();
    rotation.announce(1, &policy(), NOW).unwrap();
    let second = NOW.plus(Span::from_minutes(60));
    rotation.announce(2, &policy(), second).unwrap();
    (rotation, second)
}

#[test]
fn o20_a_key_is_published_before_it_signs_and_after_it_did() {
    let (rotation, announced) = two();
    let takes_over = announced.plus(policy().lead());
    let gone = takes_over.plus(policy().keep());
    let tick = Span::from_millis(1);
    assert_eq!(policy().lead(), Span::from_seconds(600 + 450 + 300));
    assert_eq!(policy().keep(), Span::from_minutes(33));
    let at = |now: Time| {
        let published: Vec<_> = rotation.published(now).copied().collect();
        (rotation.signing(now).copied(), published)
    };
    assert_eq!(at(announced), (Some(1), vec![1, 2]));
    assert_eq!(at(takes_over.minus(tick)), (Some(1), vec![1, 2]));
    assert_eq!(at(takes_over), (Some(2), vec![1, 2]));
    assert_eq!(at(gone.minus(tick)), (Some(2), vec![1, 2]));
    assert_eq!(at(gone), (Some(2), vec![2]));
    assert_eq!(rotation.next_change(announced), Some(takes_over));
    assert_eq!(rotation.next_change(takes_over), Some(gone));
    assert_eq!(rotation.next_change(gone), None);
}

#[test]
fn o20_a_copy_is_too_old_when_a_key_of_it_is_gone() {
    let (rotation, announced) = two();
    let gone = announced.plus(policy().lead()).plus(policy().keep());
    assert_eq!(rotation.max_age(announced), Span::from_minutes(5));
    let soon = gone.minus(Span::from_seconds(7));
    assert_eq!(rotation.max_age(soon), Span::from_seconds(7));
    assert_eq!(rotation.max_age(gone), Span::from_minutes(5));
}

#[test]
fn one_key_at_a_time_waits_for_its_turn() {
    let (mut rotation, announced) = two();
    let before = rotation.clone();
    assert_eq!(
        rotation.announce(3, &policy(), announced),
        Err(RingError::Announced)
    );
    assert_eq!(rotation, before);
    let mut now = announced.plus(policy().lead());
    let mut refused = None;
    for key in 3..20 {
        refused = rotation.announce(key, &policy(), now).err().or(refused);
        now = now.plus(policy().lead());
    }
    // Keys are kept for twice the lead here, so there are never eight of them.
    assert_eq!(refused, None);
    assert!(rotation.published(now).count() <= 4);
}

#[test]
fn o01_a_key_is_published_once() {
    let (mut rotation, announced) = two();
    let before = rotation.clone();
    let later = announced.plus(policy().lead());
    for key in [1, 2] {
        assert_eq!(
            rotation.announce(key, &policy(), later),
            Err(RingError::Known)
        );
    }
    assert_eq!(rotation, before);
    // Once it is gone it may come again.
    let gone = later.plus(policy().keep());
    assert_eq!(rotation.announce(2, &policy(), gone), Err(RingError::Known));
    assert_eq!(rotation.announce(1, &policy(), gone), Ok(()));
}

#[test]
fn eight_keys_are_as_many_as_are_published() {
    let short = RotationPolicy::new(Span::from_minutes(24 * 60), Span::from_minutes(5)).unwrap();
    let mut rotation = Rotation::new();
    let mut now = NOW;
    let mut refused = None;
    for key in 0..10 {
        refused = refused.or(rotation.announce(key, &short, now).err());
        now = now.plus(short.lead());
    }
    assert_eq!(refused.unwrap().code().name, "jwt_ring_full");
    assert_eq!(rotation.published(now).count(), 8);
    assert_eq!(rotation.signing(now), Some(&7));
}

#[test]
fn a_lost_key_is_gone_at_once_and_somebody_signs_still() {
    let (rotation, announced) = two();
    // The one that signs: the next one takes over.
    let mut lost = rotation.clone();
    lost.revoke(announced, |key| *key == 1);
    assert_eq!(lost.signing(announced), Some(&2));
    assert_eq!(lost.published(announced).count(), 1);
    // The one that was to sign: the one before goes on.
    let mut lost = rotation.clone();
    lost.revoke(announced, |key| *key == 2);
    let later = announced.plus(policy().lead());
    assert_eq!(lost.signing(later), Some(&1));
    // One that has signed.
    let mut lost = rotation.clone();
    lost.revoke(later, |key| *key == 1);
    assert_eq!(lost.signing(later), Some(&2));
    // All of them: the next one signs as soon as there is one.
    let mut lost = rotation;
    lost.revoke(later, |_| true);
    assert_eq!(lost.signing(later), None);
    lost.announce(3, &policy(), later).unwrap();
    assert_eq!(lost.signing(later), Some(&3));
}

#[test]
fn spans_are_within_their_bounds() {
    let (second, hour) = (Span::from_seconds(1), Span::from_minutes(60));
    for (life, age) in [
        (Span::ZERO, second),
        (Span::from_minutes(24 * 60).plus(second), second),
        (second, Span::ZERO),
        (second, hour.plus(second)),
    ] {
        let refused = RotationPolicy::new(life, age).err().unwrap();
        assert_eq!(refused.code().name, "jwt_ring_setup_window");
    }
    let policy = RotationPolicy::new(second, hour).unwrap();
    let least = hour.plus(Span::from_minutes(5));
    assert!(policy.with_lead(least, Span::ZERO).is_ok());
    assert!(policy.with_lead(hour, Span::ZERO).is_err());
    assert!(policy.with_lead(least, Span::from_minutes(11)).is_err());
    assert!(policy.with_hosts(hour.plus(second)).is_err());
    assert!(policy.with_hosts(Span::ZERO).is_err());
    let quick = policy.with_hosts(second).unwrap();
    let less = Span::from_seconds(5 * 60 - 1);
    assert_eq!(quick.lead().plus(less), policy.lead());
    assert!(quick.with_lead(hour.plus(second), Span::ZERO).is_ok());
    let year = Span::from_minutes(366 * 24 * 60);
    assert!(policy.with_period(year).is_ok());
    assert!(policy.with_period(year.plus(second)).is_err());
}

#[test]
fn o20_where_no_key_signs_a_copy_is_good_for_nothing() {
    // The next key signs at once, so whoever kept a copy would not know it.
    let mut rotation = Rotation::new();
    assert_eq!(rotation.max_age(NOW), Span::ZERO);
    rotation.announce(1, &policy(), NOW).unwrap();
    assert_eq!(rotation.max_age(NOW), Span::from_minutes(5));
    // A key that has signed is still published here, and the one that signs was lost.
    let (mut rotation, announced) = two();
    let later = announced.plus(policy().lead());
    rotation.revoke(later, |key| *key == 2);
    assert_eq!(rotation.published(later).count(), 1);
    assert_eq!(rotation.max_age(later), Span::ZERO);
    rotation.announce(3, &policy(), later).unwrap();
    assert_eq!(rotation.signing(later), Some(&3));
    assert_eq!(rotation.max_age(later), Span::from_minutes(5));
}

#[test]
fn o20_of_two_policies_the_longer_spans_hold() {
    let long = RotationPolicy::new(Span::from_minutes(120), Span::from_minutes(60)).unwrap();
    for (first, second) in [(long, policy()), (policy(), long)] {
        let mut rotation = Rotation::new();
        rotation.announce(1, &first, NOW).unwrap();
        rotation.announce(2, &second, NOW).unwrap();
        let takes_over = NOW.plus(long.lead());
        assert_eq!(rotation.waiting(NOW), Some((&2, takes_over)));
        let ends: Vec<_> = rotation.turns().map(Turn::gone).collect();
        assert_eq!(ends, [Some(takes_over.plus(long.keep())), None]);
        assert_eq!(rotation.policy(), Some(&second));
        // No copy and no token is of the first one any more.
        rotation.announce(3, &second, takes_over).unwrap();
        let third = takes_over.plus(second.lead());
        assert_eq!(rotation.waiting(takes_over), Some((&3, third)));
    }
}

#[test]
fn a_key_that_waits_takes_over_from_a_lost_one_without_a_refusal() {
    let month = Span::from_minutes(30 * 24 * 60);
    let policy = policy().with_period(month).unwrap();
    let mut rotation = Rotation::new();
    rotation.announce(1, &policy, NOW).unwrap();
    rotation.announce(2, &policy, NOW).unwrap();
    assert_eq!(rotation.waiting(NOW), Some((&2, NOW.plus(month))));
    // Every verifier knows it since the lead has passed.
    let later = NOW.plus(policy.lead());
    assert_eq!(rotation.signing(later), Some(&1));
    rotation.revoke(later, |key| *key == 1);
    assert_eq!(rotation.signing(later), Some(&2));
    assert_eq!(rotation.announce(3, &policy, later), Ok(()));
    assert_eq!(rotation.waiting(later), Some((&3, later.plus(month))));
}

#[test]
fn whoever_revokes_by_a_late_clock_lets_the_next_key_sign_too() {
    let month = Span::from_minutes(30 * 24 * 60);
    let policy = policy().with_period(month).unwrap();
    let mut rotation = Rotation::new();
    let mut now = NOW;
    for key in [1, 2, 3] {
        rotation.announce(key, &policy, now).unwrap();
        now = rotation.waiting(now).map_or(now, |(_, at)| at);
    }
    let switch = NOW.plus(month);
    assert_eq!(rotation.signing(switch), Some(&2));
    // By this clock the key before it signs yet.
    let late = switch.minus(Span::from_seconds(30));
    rotation.revoke(late, |key| *key == 2);
    assert_eq!(rotation.signing(late), Some(&1));
    assert_eq!(rotation.signing(switch), Some(&3));
    assert_eq!(rotation.waiting(switch), None);
    assert_eq!(rotation.announce(4, &policy, switch), Ok(()));
}

#[test]
fn a_revoked_key_does_not_come_back() {
    let (mut rotation, announced) = two();
    rotation.revoke(announced, |key| *key == 1);
    let much_later = announced.plus(Span::from_minutes(60 * 24 * 60));
    let again = rotation.announce(1, &policy(), much_later);
    assert_eq!(again, Err(RingError::Revoked));
    assert_eq!(rotation.revoked().collect::<Vec<_>>(), [(&1, announced)]);
    // The newest sixteen are remembered.
    for key in 3..20 {
        rotation.announce(key, &policy(), much_later).unwrap();
        rotation.revoke(much_later, |other| *other == key);
    }
    let kept: Vec<_> = rotation.revoked().map(|(key, _)| *key).collect();
    assert_eq!(kept, (4..20).collect::<Vec<_>>());
}

#[test]
fn each_instant_of_a_key_has_one_state() {
    let (rotation, announced) = two();
    let takes_over = announced.plus(policy().lead());
    let states = |now| -> Vec<_> { rotation.turns().map(|turn| turn.state(now)).collect() };
    assert_eq!(states(announced), [KeyState::Active, KeyState::Announced]);
    assert_eq!(states(takes_over), [KeyState::Retiring, KeyState::Active]);
    assert_eq!(
        states(takes_over.plus(policy().keep())),
        [KeyState::Retired, KeyState::Active]
    );
}
