"""Several processes with one store: a request is accepted by exactly one of them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from counterseal.errors import CountersealError, ReplayError, StoreError
from counterseal.replay import SharedRing
from counterseal.request import KeyVault, Policy, Verifier
from counterseal.stores import Sqlite
from servers import HERE, Process, running
from support import AUTHORITY, NOW, SECRET, Sent, key

WORKERS = ["-m", "uvicorn", "service:app", "--port", "{port}", "--workers", "2", "--no-access-log"]


@pytest.mark.parametrize(("store", "requests"), [("shared", 2_000), ("sqlite", 300)])
def test_of_4_processes_that_race_for_the_same_requests_exactly_one_wins_each(
    store: str, requests: int, tmp_path: Path
) -> None:
    command = [sys.executable, "racer.py", store, str(tmp_path / "file"), str(requests)]
    with ExitStack() as stack:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": HERE}
        racers = [stack.enter_context(subprocess.Popen(command, **pipes)) for _ in range(4)]  # type: ignore[call-overload]
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        wins = [racer.communicate(timeout=120)[0].strip() for racer in racers]
    assert [column.count("1") for column in zip(*wins, strict=True)] == [1] * requests


@contextmanager
def two_connections(process: Process) -> Iterator[dict[int, http.client.HTTPConnection]]:
    """A connection to each of the two workers, by the worker's process."""
    found: dict[int, http.client.HTTPConnection] = {}
    with ExitStack() as stack:
        for _ in range(200):
            connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
            stack.callback(connection.close)
            connection.request("GET", "/process")
            found.setdefault(json.loads(connection.getresponse().read()), connection)
            if len(found) == 2:
                break
        assert len(found) == 2, process.text()
        yield found


def both_up(process: Process) -> bool:
    """Whether both workers serve."""
    return process.text().count("Application startup complete") == 2


def post(connection: http.client.HTTPConnection, sent: Sent) -> str:
    """What a worker says to a request."""
    connection.request("POST", f"{sent.path}?{sent.query}", sent.body, {**sent.headers, "Host": AUTHORITY})
    answer = json.loads(connection.getresponse().read())
    return answer if isinstance(answer, str) else answer["code"]


@pytest.mark.parametrize("store", ["shared", "sqlite"])
def test_a_replay_is_refused_by_the_worker_that_did_not_see_the_original(store: str, tmp_path: Path) -> None:
    env = {"STORE": store, "FILE": str(tmp_path / "file")}
    with running(tmp_path, *WORKERS, env=env, until=both_up) as process, two_connections(process) as workers:
        one, other = workers.values()
        for _ in range(20):
            sent = Sent().signed()
            assert post(one, sent) == "worker-7"
            assert post(other, sent) == "request_replayed"
            assert post(one, sent) == "request_replayed"
            one, other = other, one


def test_a_ring_outlives_the_process_that_filled_it(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom support import *\nfrom counterseal.replay import SharedRing\n"
        "Sent().signed(seed=b'n' * 16).verify(Verifier(Policy([AUTHORITY]), [key()], SharedRing(sys.argv[1], now=NOW)))"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path / "ring"], check=True, cwd=HERE)
    server = Verifier(Policy([AUTHORITY]), [key()], SharedRing(tmp_path / "ring", now=NOW))
    with pytest.raises(CountersealError) as refused:
        Sent().signed(seed=b"n" * 16).verify(server)
    assert refused.value.code == "request_replayed"


def test_a_ring_tells_how_full_it_is(tmp_path: Path) -> None:
    ring = SharedRing(tmp_path / "ring", now=NOW, per_second=100)
    server = Verifier(Policy([AUTHORITY]), [key()], ring)
    for _ in range(10):
        Sent().signed().verify(server)
    gauge = ring.gauge()
    assert (gauge["live"], gauge["fullest"]) == (10, 10)
    assert 0 < gauge["generation"] < gauge["capacity"]


def test_a_ring_in_a_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ReplayError) as refused:
        SharedRing(folder / "ring")
    assert refused.value.code == "replay_folder_unsafe"
    assert "open" not in str(refused.value)


def test_something_else_is_not_taken_for_a_store_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"precious" * 1_000)
    file.chmod(0o600)
    for store in (SharedRing, Sqlite):
        with pytest.raises((ReplayError, StoreError)):
            store(file)
    assert file.read_bytes() == b"precious" * 1_000


def test_sqlite_keeps_keys_and_nonces_over_a_restart(tmp_path: Path) -> None:
    vault, sent = KeyVault(b"v" * 32), Sent().signed()
    vault.save("worker-7", SECRET, since=NOW).run(Sqlite(tmp_path / "db", now=NOW))
    outcomes = []
    for _ in range(2):
        store = Sqlite(tmp_path / "db", now=NOW)
        server = Verifier(Policy([AUTHORITY]), [vault.load("worker-7").run(store)], store)
        try:
            outcomes.append(sent.verify(server).key_id)
        except CountersealError as refused:
            outcomes.append(refused.code)
        del server, store
    assert outcomes == ["worker-7", "request_replayed"]


def test_a_store_sweeps_what_is_over(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "db", now=NOW)
    server = Verifier(Policy([AUTHORITY]), [key()], store)
    for _ in range(5):
        Sent().signed().verify(server)
    assert [store.sweep(now=NOW), store.sweep(now=NOW + 600_000, limit=3), store.sweep(now=NOW + 600_000)] == [0, 3, 2]
