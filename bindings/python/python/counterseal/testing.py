"""For your own tests: a clock that stands still, seeds that repeat, and pytest fixtures of both.

Say `pytest_plugins = ["counterseal.testing"]` in your `conftest.py`::

    def test_a_job_is_taken(client, signer, counterseal_clock, counterseal_seeds):
        signed = SignedRequest(verifier, clock=counterseal_clock)
        auth = SignatureAuth(signer, clock=counterseal_clock, seeds=counterseal_seeds)
        counterseal_clock.advance(61_000)

Seeds that repeat are for tests only: a signer must never use one twice.
"""

from __future__ import annotations

import hashlib

import pytest

__all__ = ["FixedClock", "RepeatableSeeds", "counterseal_clock", "counterseal_seeds"]


class FixedClock:
    """A clock in milliseconds that moves only when told."""

    def __init__(self, now: int = 2_500_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, milliseconds: int) -> None:
        """Moves the clock; backwards too."""
        self.now += milliseconds


class RepeatableSeeds:
    """Seeds of 16 bytes: each one different, and the same ones in each run."""

    def __init__(self, name: str = "counterseal") -> None:
        self._name = name
        self._count = 0

    def __call__(self) -> bytes:
        self._count += 1
        return hashlib.sha256(f"{self._name}/{self._count}".encode()).digest()[:16]


@pytest.fixture
def counterseal_clock() -> FixedClock:
    """A clock that stands at 2027-01-15T08:00:00Z."""
    return FixedClock()


@pytest.fixture
def counterseal_seeds() -> RepeatableSeeds:
    """Seeds that repeat from test to test."""
    return RepeatableSeeds()
