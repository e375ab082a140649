"""One verifier among threads, and processes that are forked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from counterseal.errors import CountersealError
from counterseal.replay import Ring
from counterseal.request import Key, Policy, Signer, Verifier
from counterseal.stores import Memory, Waiting
from support import AUTHORITY, NOW, SECRET, Sent, key


def outcome(verifier: Verifier, sent: Sent) -> str:
    """What becomes of a request."""
    try:
        return sent.verify(verifier).key_id
    except CountersealError as refused:
        return refused.code


@pytest.mark.parametrize("store", [Ring, Memory])
def test_b09_of_32_threads_with_the_same_requests_exactly_one_wins_each(store: type[Ring | Memory]) -> None:
    server = Verifier(Policy([AUTHORITY]), [key()], store(now=NOW))
    requests = [Sent().signed(seed=number.to_bytes(16, "big")) for number in range(200)]
    start = threading.Barrier(32)

    def race() -> list[str]:
        start.wait()
        return [outcome(server, sent) for sent in requests]

    with ThreadPoolExecutor(32) as threads:
        races = [threads.submit(race) for _ in range(32)]
    for column in zip(*(race.result() for race in races), strict=True):
        assert Counter(column) == {"worker-7": 1, "request_replayed": 31}


def test_b09_keys_are_replaced_while_32_threads_verify() -> None:
    server = Verifier(Policy([AUTHORITY]), [key()], Ring(now=NOW))
    done = threading.Event()

    def replace_keys() -> None:
        while not done.is_set():
            server.replace_keys([key(), key("other")])
            server.put_key(key("third"))
            server.forget_key("other")

    def verify(thread: int) -> set[str]:
        requests = [Sent().signed(seed=bytes([thread, number]) * 8) for number in range(100)]
        return {outcome(server, sent) for sent in requests}

    with ThreadPoolExecutor(33) as threads:
        replacing = threads.submit(replace_keys)
        outcomes = list(threads.map(verify, range(32)))
        done.set()
        replacing.result()
    assert set.union(*outcomes) == {"worker-7"}


def test_b09_a_decision_that_threads_share_is_decided_once() -> None:
    def finish(waiting: Waiting[object]) -> str:
        try:
            waiting.answer([["fresh"]])
            return type(waiting.verdict()).__name__
        except CountersealError as refused:
            return refused.code

    server = Verifier(Policy([AUTHORITY]), [key()])
    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):
            waiting = Sent().signed().begin(server)
            outcomes = Counter(threads.map(finish, [waiting] * 8))
            assert outcomes == {"Verified": 1, "pending_spent": 7}


FORK = """
import os, sys
from counterseal.errors import CountersealError
from counterseal.replay import Ring, SharedRing
from support import AUTHORITY, NOW, Sent, key
from counterseal.request import Policy, Verifier

store = {
    "private": lambda: Ring(now=NOW),
    "one each": lambda: Ring(now=NOW, one_per_worker=True),
}.get(sys.argv[1], lambda: SharedRing(sys.argv[1], now=NOW))()
server = Verifier(Policy([AUTHORITY]), [key()], store)
before, after = Sent().signed(), Sent().signed()
before.verify(server)

def outcome(sent):
    try:
        return sent.verify(server).key_id
    except CountersealError as refused:
        return refused.code

child = os.fork()
if child == 0:
    print("child", outcome(before), outcome(after), flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0
print("parent", outcome(before), outcome(after))
"""


def forked(store: str) -> list[str]:
    """What a child and then its parent print, who have forked after the verifier was made."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK, store],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent)},
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_b09_a_child_that_was_forked_shares_the_ring_of_its_host(tmp_path: Path) -> None:
    told = forked(str(tmp_path / "ring"))
    assert told == ["child", "request_replayed", "worker-7", "parent", "request_replayed", "request_replayed"]


def test_b09_a_private_ring_refuses_in_a_forked_process() -> None:
    # A copy would not know what the other one accepts.
    refused = "binding_ring_private"
    assert forked("private") == ["child", refused, refused, "parent", "request_replayed", "worker-7"]


def test_b09_a_private_ring_is_two_rings_after_a_fork_where_that_is_meant() -> None:
    assert forked("one each") == ["child", "request_replayed", "worker-7", "parent", "request_replayed", "worker-7"]


def test_a_signer_among_threads_draws_a_nonce_for_each_request() -> None:
    signer = Signer(Key("worker-7", SECRET))
    with ThreadPoolExecutor(32) as threads:
        signed = list(threads.map(lambda _: signer.sign(*Sent().parts())["signature-input"], range(3_200)))
    assert len(set(signed)) == 3_200
