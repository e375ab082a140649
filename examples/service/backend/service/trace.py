"""Names each request, and tells which worker answered it: for the demo's readers, not for security."""

from __future__ import annotations

import os
import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_request: ContextVar[str] = ContextVar("request", default="")


def current_request() -> str:
    """The id of the request that is being served."""
    return _request.get()


class Trace:
    """Middleware that puts `X-Request-Id` and `X-Worker` on each answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = str(uuid.uuid4())
        _request.set(request)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = [(b"x-request-id", request.encode()), (b"x-worker", str(os.getpid()).encode())]
                message["headers"] = [*message["headers"], *names]
            await send(message)

        await self._app(scope, receive, send_named)
