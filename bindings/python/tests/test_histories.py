"""One table of histories over every store that runs in this process; those of Postgres and Redis are with theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import histories
from counterseal.replay import Ring, SharedRing
from counterseal.request import Verified
from counterseal.stores import Memory, Sqlite, Waiting
from histories import Decide
from support import NOW

MAKE: dict[str, Callable[[Path], Any]] = {
    "memory": lambda _: Memory(now=NOW),
    "ring": lambda _: Ring(now=NOW),
    "shared_ring": lambda path: SharedRing(str(path), now=NOW),
    "sqlite": lambda path: Sqlite(str(path), now=NOW),
}


@pytest.mark.parametrize("kind", MAKE)
def test_h21_h25_every_history_comes_out_as_told(tmp_path: Path, kind: str) -> None:
    numbers = count()

    def store() -> Decide:
        made = MAKE[kind](tmp_path / "own" / f"store-{next(numbers)}")

        async def decide(waiting: Waiting[Verified]) -> Verified:
            return waiting.run(made)

        return decide

    (tmp_path / "own").mkdir(mode=0o700)
    asyncio.run(histories.are_as_told(store))
