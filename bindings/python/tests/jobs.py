"""A FastAPI service in this process, and requests to it."""
# Without postponed annotations: FastAPI cannot see names that are local to a function.

import asyncio
from typing import Annotated, Any

import httpx
from fastapi import FastAPI, Request, Security
from pydantic import BaseModel

from counterseal.fastapi import SignedRequest, install
from counterseal.httpx import SignatureAuth
from counterseal.request import Signer, Verified, Verifier
from support import AUTHORITY, NOW, Sent, key, verifier

METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


class Job(BaseModel):
    """What a request asks for."""

    job: int


def scheme(server: Verifier | None = None, **options: Any) -> SignedRequest:
    """A scheme whose clock stands still."""
    return SignedRequest(server or verifier(), **{"clock": lambda: NOW, **options})


def service(signed: SignedRequest) -> FastAPI:
    """A service with one route of each kind."""
    app = FastAPI()
    install(app)
    caller = Annotated[Verified, Security(signed)]

    @app.post("/v1/jobs")
    async def create(job: Job, by: caller) -> dict[str, Any]:
        return {"job": job.job, "by": by.key_id}

    @app.api_route("/echo/{rest:path}", methods=METHODS, include_in_schema=False)
    async def echo(request: Request, by: caller) -> dict[str, Any]:
        body = await request.body()
        return {"covered": dict(by.covered), "body": body.decode("latin-1")}

    @app.get("/open")
    async def open_to_all() -> str:
        return "open"

    return app


def send(
    app: Any, method: str = "POST", path: str = "/v1/jobs", *, signer: Signer | None = None, **options: Any
) -> httpx.Response:
    """The answer to one signed request."""
    auth = SignatureAuth(signer or Signer(key()), clock=lambda: NOW)
    return many(app, [{"method": method, "url": path, "auth": auth, **options}])[0]


def many(app: Any, requests: list[dict[str, Any]], root_path: str = "") -> list[httpx.Response]:
    """The answers to requests that are sent at once."""

    async def session() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url=f"https://{AUTHORITY}") as client:
            return await asyncio.gather(*(client.request(**request) for request in requests))

    return asyncio.run(session())


def replayable(
    method: str = "POST", path: str = "/v1/jobs", body: bytes = b'{"job": 42}', **options: Any
) -> dict[str, Any]:
    """A request that was signed once and can be sent again."""
    headers = {"content-type": "application/json"} if body else {}
    raw, _, query = path.partition("?")
    sent = Sent(method, path=raw, query=query, headers=headers, body=body).signed(**options)
    return {"method": method, "url": path, "headers": sent.headers, "content": body}


def codes(answers: list[httpx.Response]) -> list[str]:
    """What each answer says."""
    return [answer.json().get("code", "accepted") for answer in answers]
