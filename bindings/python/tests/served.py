"""A bare application for servers in processes of their own. `STORE` and `PLACE` say which store is made, and where."""

import os
from collections.abc import Callable
from typing import Any

from counterseal.errors import CountersealError
from counterseal.replay import Ring, SharedRing
from counterseal.stores import Memory, Sqlite

STORES: dict[str, Callable[[], Any]] = {
    "ring": Ring,
    "memory": Memory,
    "own": lambda: Ring(one_per_worker=True),
    "shared": lambda: SharedRing(os.environ["FILE"]),
    "sqlite": lambda: Sqlite(os.environ["FILE"]),
}
make = STORES[os.environ.get("STORE", "ring")]
place = os.environ.get("PLACE", "import")

if place == "import":
    make()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Makes its store in the lifespan or in a request, if it is told to."""
    if scope["type"] == "lifespan":
        told = outcome() if place == "lifespan" else "accepted"
        kind = "complete" if told == "accepted" else "failed"
        await receive()
        await send({"type": f"lifespan.startup.{kind}", "message": told})
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": outcome().encode()})


def outcome() -> str:
    """What becomes of a store that is made now."""
    try:
        make()
    except CountersealError as refused:
        return refused.code
    return "accepted"
