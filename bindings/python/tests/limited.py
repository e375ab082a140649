"""An application of several workers whose limit is the host's."""

from __future__ import annotations

import os
from typing import Any

from counterseal.asgi import LimitMiddleware
from counterseal.limit import Limit, Limiter, SharedCells


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the process that it is."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


app = LimitMiddleware(hello, Limiter(Limit("host", burst=5, every_ms=600_000), SharedCells(os.environ["FILE"])))
