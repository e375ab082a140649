"""Verifies whatever comes by the case in the file `CASE`, behind FastAPI: `uvicorn judge:app`.

The answer names the exact code in the field `X-Code`, which a service must not do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from counterseal.errors import CountersealError
from counterseal.fastapi import SignedRequest
from counterseal.request import Key, Policy, Verified, Verifier
from counterseal.stores import Waiting, drive_async
from fastapi import FastAPI, Request, Response

METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]

app = FastAPI()


@app.api_route("/{path:path}", methods=METHODS)
async def judge(request: Request) -> Response:
    """The verdict on this request: 200, or 400 with the code."""
    case = current_case()
    try:
        await scheme(case)(request)
    except CountersealError as refused:
        return Response(status_code=400, headers={"X-Code": refused.code})
    return Response(headers={"X-Code": "request_accepted"})


def current_case() -> Any:
    """The case that is being sent."""
    return json.loads(Path(os.environ["CASE"]).read_text())


def scheme(case: dict[str, Any]) -> SignedRequest:
    """The case's policy, keys, clock and store."""
    policy = Policy.parse(json.dumps(case["policy"]))
    verifier = Verifier(policy, [key(members) for members in case["keys"]])
    return SignedRequest(verifier, drive=store(case["replies"]), clock=lambda: case["now"])


def key(members: dict[str, Any]) -> Key:
    """The key of these members."""
    more = {name: value for name, value in members.items() if name not in ("id", "secret")}
    return Key(members["id"], bytes.fromhex(members["secret"]), **more)


def store(replies: list[str]) -> Callable[[Waiting[Verified]], Awaitable[Verified]]:
    """A store that gives the case's answer; a decision that must not ask has none to get."""

    async def answer(_text: str, _values: list[Any]) -> list[tuple[str]]:
        reply = replies[0]
        if reply == "unavailable":
            raise TimeoutError
        return [(reply,)]

    return lambda waiting: drive_async(waiting, "sqlite", answer)
