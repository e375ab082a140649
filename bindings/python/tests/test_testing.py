"""What the package offers for tests of others."""

from __future__ import annotations

from counterseal.testing import FixedClock, RepeatableSeeds
from support import Sent, key, verifier


def test_a_clock_moves_when_it_is_told(counterseal_clock: FixedClock) -> None:
    assert counterseal_clock() == 2_500_000_000_000
    counterseal_clock.advance(61_000)
    assert counterseal_clock() == 2_500_000_061_000
    counterseal_clock.advance(-61_000)
    assert counterseal_clock() == FixedClock()()


def test_a_clock_is_new_for_each_test(counterseal_clock: FixedClock) -> None:
    assert counterseal_clock() == 2_500_000_000_000


def test_seeds_repeat_and_differ(counterseal_seeds: RepeatableSeeds) -> None:
    drawn = [counterseal_seeds() for _ in range(100)]
    again = RepeatableSeeds()
    assert drawn == [again() for _ in range(100)]
    assert len(set(drawn)) == 100
    assert {len(seed) for seed in drawn} == {16}
    assert RepeatableSeeds("other")() not in drawn


def test_seeds_and_clock_make_a_signature_that_repeats(
    counterseal_clock: FixedClock, counterseal_seeds: RepeatableSeeds
) -> None:
    one = Sent().signed(now=counterseal_clock(), seed=counterseal_seeds())
    assert one == Sent().signed(now=FixedClock()(), seed=RepeatableSeeds()())
    assert one.verify(verifier(key()), now=counterseal_clock()).key_id == "worker-7"
