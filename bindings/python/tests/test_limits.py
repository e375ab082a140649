"""Rate limits: their arithmetic on every store, and what the caller is told."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from counterseal.errors import CountersealError, LimitError
from counterseal.limit import Admitted, Cells, Limit, Limiter, SharedCells, client_address, fields
from counterseal.replay import Ring
from counterseal.stores import Memory, Sqlite, migrations, sweeping_cells
from servers import HERE
from support import NOW

STORES: dict[str, Callable[[Path], Any]] = {
    "cells": lambda _: Cells(cells=1_024),
    "memory": lambda _: Memory(now=NOW),
    "shared": lambda path: SharedCells(path / "cells", cells=1_024),
    "sqlite": lambda path: Sqlite(path / "db", now=NOW),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """One of the stores of this package that count."""
    return STORES[request.param](tmp_path)


def login(**change: Any) -> Limit:
    """Three requests at once, and one more every second."""
    return Limit("login", **{"burst": 3, "every_ms": 1_000, **change})


def outcome(limit: Limit, store: Any, whom: str = "192.0.2.7", **options: Any) -> str:
    """What becomes of a request."""
    try:
        limit.by_address(whom, **{"now": NOW, **options}).run(store)
    except LimitError as refused:
        return refused.code
    return "passed"


def test_a_burst_passes_and_then_one_for_each_interval(store: Any) -> None:
    limit = login()
    assert [outcome(limit, store) for _ in range(4)] == ["passed"] * 3 + ["limit_exceeded"]
    assert outcome(limit, store, now=NOW + 999) == "limit_exceeded"
    assert outcome(limit, store, now=NOW + 1_000) == "passed"
    assert outcome(limit, store, now=NOW + 1_000) == "limit_exceeded"


def test_others_are_not_concerned(store: Any) -> None:
    limit = login()
    assert [outcome(limit, store, cost=3) for _ in range(2)] == ["passed", "limit_exceeded"]
    assert outcome(limit, store, "192.0.2.8") == "passed"
    assert outcome(Limit("other", burst=1, every_ms=1_000), store) == "passed"
    assert limit.by_key("192.0.2.7", now=NOW).run(store).left == 2


def test_p08_a_site_of_version_6_has_one_limit_whatever_its_addresses(store: Any) -> None:
    limit = login(site=(5, 1_000))
    passed = [outcome(limit, store, f"2001:db8:1:{network:x}::1") for network in range(8)]
    assert passed == ["passed"] * 5 + ["limit_exceeded"] * 3


def test_p10_spellings_of_a_name_are_one(store: Any) -> None:
    limit = login()
    for name in ("Admin", " admin ", "\uff21\uff24\uff2d\uff29\uff2e"):
        limit.by_name(name, now=NOW).run(store)
    with pytest.raises(LimitError):
        limit.by_name("aD\u200bmin", now=NOW).run(store)


def test_of_64_racers_as_many_pass_as_the_burst_has(store: Any) -> None:
    limit = Limit("race", burst=5, every_ms=60_000)
    with ThreadPoolExecutor(64) as pool:
        outcomes = list(pool.map(lambda _: outcome(limit, store), range(64)))
    assert sorted(outcomes) == ["limit_exceeded"] * 59 + ["passed"] * 5


def test_who_is_within_and_who_is_over_is_told_by_fields() -> None:
    limit, cells = login(), Cells()
    admitted = limit.by_address("192.0.2.7", now=NOW).run(cells)
    assert (admitted.left, admitted.stepped_aside) == (2, False)
    assert admitted.headers == {"ratelimit-policy": '"login";q=3;w=3', "ratelimit": '"login";r=2;t=1'}
    assert outcome(limit, cells, cost=2) == "passed"
    with pytest.raises(LimitError) as refused:
        limit.by_address("192.0.2.7", now=NOW).run(cells)
    error = refused.value
    assert (error.code, error.http, error.public, error.retry_after) == ("limit_exceeded", 429, "limit_exceeded", 1)
    assert error.headers == {
        "ratelimit-policy": '"login";q=3;w=3',
        "ratelimit": '"login";r=0;t=1',
        "retry-after": "1",
    }
    event = json.loads(error.event or "")
    assert (event["event"], event["at"]) == ("limit_exceeded", NOW)
    assert "192.0.2.7" not in f"{error!r}{error}{error.event}{error.detail}"
    assert pickle.loads(pickle.dumps(error)).headers == error.headers


def test_fields_of_several_limits_are_lists() -> None:
    cells = Cells()
    both = [Limit(name, burst=2, every_ms=1_000).by_key("a", now=NOW).run(cells) for name in ("address", "key")]
    assert fields(both) == {
        "ratelimit-policy": '"address";q=2;w=2, "key";q=2;w=2',
        "ratelimit": '"address";r=1;t=1, "key";r=1;t=1',
    }
    assert fields([]) == {}


def test_workers_that_map_one_file_share_its_limits(tmp_path: Path) -> None:
    path = tmp_path / "cells"
    limit = login()
    assert outcome(limit, SharedCells(path)) == "passed"
    script = (
        "import sys\nfrom counterseal.limit import Limit, SharedCells\n"
        f"Limit('login', burst=3, every_ms=1000).by_address('192.0.2.7', now={NOW}).run(SharedCells(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", script, path], check=True, cwd=HERE)
    shared = SharedCells(path)
    assert [outcome(limit, shared) for _ in range(2)] == ["passed", "limit_exceeded"]


def test_a_forked_process_must_not_count_on_its_own() -> None:
    if (pid := os.fork()) == 0:
        code = 0 if code_of(lambda: login().by_key("a").run(CELLS)) == "binding_ring_private" else 1
        os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


CELLS = Cells()


def code_of(call: Callable[[], object]) -> str:
    """The code under which a call is refused."""
    with pytest.raises(CountersealError) as refused:
        call()
    return refused.value.code


def test_the_gauge_counts_hot_cells_and_limits_that_yield_step_aside_above_half() -> None:
    cells = Cells(cells=1_024)
    assert cells.gauge(now=NOW) == {"cells": 1_024, "hot": 0}
    assert not cells.is_crowded(now=NOW)
    for number in range(2_000):
        outcome(login(), cells, f"10.0.{number >> 8}.{number & 255}")
    gauge = cells.gauge(now=NOW)
    assert gauge["hot"] > gauge["cells"] // 2
    assert cells.is_crowded(now=NOW)
    yielding = login(yields=True)
    assert yielding.yields
    aside = yielding.by_address("192.0.2.7", is_crowded=True, now=NOW).run(cells)
    assert (aside.left, aside.stepped_aside, aside.headers) == (None, True, {})
    # A limit that does not yield is counted in a crowd too.
    strict = Limit("strict", burst=3, every_ms=1_000).by_address("192.0.2.7", is_crowded=True, now=NOW)
    assert strict.statement("sqlite") is not None
    assert cells.gauge(now=NOW + 60_000) == {"cells": 1_024, "hot": 0}


def test_empty_cells_are_deleted_where_a_database_keeps_them(tmp_path: Path) -> None:
    for kept in (Memory(now=NOW), Sqlite(tmp_path / "db", now=NOW)):
        outcome(login(), kept)
        outcome(login(), kept, "192.0.2.8")
        assert kept.sweep_cells(now=NOW) == 0
        assert kept.sweep_cells(now=NOW + 10_000, limit=1) == 1
        assert kept.sweep_cells(now=NOW + 10_000) == 1
    name, text, values = sweeping_cells("postgres", now=NOW, limit=5)
    assert (name, values) == ("counterseal_sweep_cells", ["limit", NOW, 5])
    assert text.startswith("DELETE FROM counterseal_cell")


def test_a_store_that_does_not_answer_refuses_unless_the_limit_admits_then() -> None:
    def unanswered(limit: Limit) -> Admitted:
        waiting = limit.by_key("a", now=NOW)
        waiting.answer(None)
        return waiting.verdict()

    assert code_of(lambda: unanswered(login())) == "limit_unavailable"
    assert unanswered(login(admits_unknown=True)).left is None


def test_a_store_that_keeps_something_else_is_refused() -> None:
    assert code_of(lambda: login().by_key("a").run(Ring(now=NOW))) == "binding_store_unfit"
    assert migrations("sqlite", now=NOW)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: login(burst=0), "limit_rate_invalid"),
        (lambda: login(every_ms=0), "limit_rate_invalid"),
        (lambda: login(site=(0, 1)), "limit_rate_invalid"),
        (lambda: Limit("Login", burst=1, every_ms=1), "limit_name_invalid"),
        (lambda: Limit("", burst=1, every_ms=1), "limit_name_invalid"),
        (lambda: login().by_key("a", cost=0), "limit_cost_invalid"),
        (lambda: login().by_key("a", cost=4), "limit_cost_invalid"),
        (lambda: login().by_key("a b"), "key_id_invalid"),
        (lambda: login().by_address("example.org"), "binding_argument_choice"),
        (lambda: login(burst=-1), "binding_argument_range"),
        (lambda: login(burst=2**32), "binding_argument_range"),
        (lambda: login(burst=True), "binding_argument_type"),
        (lambda: login(every_ms="1"), "binding_argument_type"),
        (lambda: login(site=5), "binding_argument_type"),
        (lambda: login(site=(1,)), "binding_argument_type"),
        (lambda: login(site=(1, 2.0)), "binding_argument_range"),
        (lambda: login(yields=1), "binding_argument_type"),
        (lambda: login().by_key("a", cost=2**64), "binding_argument_range"),
        (lambda: login().by_key("a", now=-1), "binding_argument_range"),
        (lambda: login().by_key("a", is_crowded=1), "binding_argument_type"),  # type: ignore[arg-type]
        (lambda: login().by_name("\ud800"), "binding_argument_text"),
        (lambda: Cells(cells=0), "binding_argument_range"),
        (lambda: Cells(cells=2**27), "binding_argument_range"),
        (lambda: Cells(seed=b"short"), "binding_argument_length"),
        (lambda: Cells().gauge(now=-1), "binding_argument_range"),
        (lambda: Cells().is_crowded(now=1.5), "binding_argument_range"),  # type: ignore[arg-type]
        (lambda: SharedCells("a\0b"), "binding_argument_text"),
        (lambda: SharedCells(1), "binding_argument_type"),  # type: ignore[arg-type]
        (lambda: client_address("192.0.2.1", ["a"], hops=-1), "binding_argument_range"),
        (lambda: client_address("192.0.2.1", ["a"], hops=256), "binding_argument_range"),
        (lambda: client_address("192.0.2.1", "a", hops=1), "binding_argument_type"),
        (lambda: client_address("192.0.2.1", [1], hops=1), "binding_argument_type"),  # type: ignore[list-item]
        (lambda: client_address(1, [], hops=1), "binding_argument_type"),  # type: ignore[arg-type]
        (lambda: client_address(None, [], hops=1, field="via"), "binding_argument_choice"),  # type: ignore[arg-type]
        (lambda: Limiter(login()), "binding_store_missing"),
        (lambda: Limiter(login(), Cells(), hops=-1), "binding_argument_range"),
        (lambda: pickle.dumps(Cells()), "binding_secret_copied"),
    ],
)
def test_what_cannot_be_has_a_code(call: Callable[[], object], code: str) -> None:
    assert code_of(call) == code


def test_p08_the_address_of_a_client_is_what_the_last_own_proxy_saw() -> None:
    values = ["9.9.9.9, 192.0.2.7", "10.0.0.2"]
    assert [client_address("10.0.0.1", values, hops=hops) for hops in range(5)] == [
        "10.0.0.1",
        "10.0.0.2",
        "192.0.2.7",
        "9.9.9.9",
        "9.9.9.9",
    ]
    assert client_address("10.0.0.1", [b"192.0.2.7\xff"], hops=1) == "10.0.0.1"
    assert client_address("10.0.0.1", ['for="[2001:db8::7]:4711"'], hops=1, field="forwarded") == "2001:db8::7"
    assert client_address("fe80::1%eth0", [], hops=0) == "fe80::1"
    assert client_address(None, [], hops=0) == "0.0.0.0"
