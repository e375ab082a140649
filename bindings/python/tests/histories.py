"""The histories of `vectors/histories.json`: requests one after the other, the same on every store."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from counterseal.errors import CountersealError
from counterseal.request import Key, Policy, Signer, Verified, Verifier
from counterseal.stores import Waiting
from support import AUTHORITY, NOW

HERE = Path(__file__).resolve().parent
ROOT = Path(os.environ.get("COUNTERSEAL_ROOT", HERE.parents[2]))
HISTORIES: list[dict[str, Any]] = json.loads((ROOT / "vectors/histories.json").read_text())["histories"]

Decide = Callable[[Waiting[Verified]], Awaitable[Verified]]


async def are_as_told(store: Callable[[], Decide]) -> None:
    """Each history comes out as it says, on what `store` makes for it."""
    assert len(HISTORIES) >= 8
    for history in HISTORIES:
        decide = store()
        told = [(history["name"], at, step["code"]) for at, step in enumerate(history["steps"])]
        seen = [(history["name"], at, await outcome(decide, step)) for at, step in enumerate(history["steps"])]
        assert seen == told


async def outcome(decide: Decide, step: dict[str, Any]) -> str:
    """What becomes of a request."""
    key = Key(step["key"], bytes([7]) * 32, since=0 if step["key"] == "old" else NOW)
    seed = step["nonce"].to_bytes(16, "big")
    fields = Signer(key).sign("GET", "https", AUTHORITY, "/", now=NOW + step["born"], seed=seed)
    try:
        server = Verifier(Policy([AUTHORITY]), [key])
        await decide(server.begin("GET", "https", AUTHORITY, "/", "", fields, now=NOW + step["at"]))
    except CountersealError as refused:
        return refused.code
    return "request_accepted"
