"""The service. Run it with `SERVICE_DIR` and `SERVICE_AUTHORITY` set: `uvicorn service.app:app --workers 2`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from counterseal.errors import CountersealError
from counterseal.fastapi import SignedRequest, install, published_keys
from counterseal.jwt import VerifiedToken
from counterseal.limit import Limit, Limiter
from counterseal.request import Policy, Verified, Verifier
from fastapi import FastAPI, HTTPException, Security
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from service.audit import Audit
from service.keys import Keys
from service.place import Place
from service.sessions import Sessions
from service.store import store
from service.trace import Trace, current_request

place = Place.of_environment()
kept = store(place)
keys = Keys(place, kept)
audit = Audit(place.audit)


def record(event: str) -> None:
    """Writes what was decided about the current request."""
    audit.write(current_request(), event)


verifier = Verifier(Policy([os.environ["SERVICE_AUTHORITY"]]), store=kept.ring)
per_key = Limiter(
    Limit("key", burst=100, every_ms=50),
    kept.cells,
    drive=None if kept.cells else kept.run,
    on_event=record,
)
signed = SignedRequest(
    verifier, drive=None if kept.ring else kept.run, load_key=keys.find, on_event=record, by_key=per_key
)
Caller = Annotated[Verified, Security(signed)]
sessions = Sessions(place, kept, f"http://{os.environ['SERVICE_AUTHORITY']}", record)
Person = Annotated[VerifiedToken, Security(sessions.token)]
per_name = Limiter(
    Limit("login", burst=50, every_ms=200), kept.cells, drive=None if kept.cells else kept.run, on_event=record
)


async def follow_keys() -> None:
    """Takes over within a second what happens to known keys: an end, a revocation."""
    while True:
        await asyncio.sleep(1)
        for key_id in verifier.key_ids:
            try:
                verifier.put_key(await keys.find(key_id))
            except CountersealError:
                # A key that is known stays known: it was good, and the store that says more is away.
                logging.exception("a key was not loaded")


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Follows the keys of others, and our own, for as long as the service runs."""
    async with kept.opened():
        await sessions.read()
        following = [asyncio.create_task(follow_keys()), asyncio.create_task(sessions.follow())]
        yield
        for task in following:
            task.cancel()


app = FastAPI(title="Signed jobs", lifespan=lifespan)
app.add_middleware(Trace)
install(app)
app.include_router(published_keys(sessions.ring))


class Job(BaseModel):
    """What is to be done."""

    task: str


@app.post("/v1/queues/{queue}/jobs", status_code=201)
async def create(queue: str, job: Job, caller: Caller, priority: int = 0) -> dict[str, Any]:
    """Takes a job. Path, query and content are those that the caller signed."""
    return {"queue": queue, "task": job.task, "priority": priority, "by": caller.key_id}


class Login(BaseModel):
    """Who somebody says to be."""

    name: str
    password: str


@app.post("/v1/login")
async def log_in(login: Login) -> dict[str, str]:
    """An access token. How often a name is tried is limited, whether there is such a person or not."""
    await per_name.by_name(login.name)
    token = await sessions.log_in(login.name, login.password)
    if token is None:
        raise HTTPException(401, "name or password are wrong")
    return {"token": token}


@app.get("/v1/me")
async def me(person: Person) -> dict[str, Any]:
    """What the dashboard shows."""
    return {"name": person.subject, "key": person.key_id, "version": person.user_ver, "until": person.expires}


@app.post("/v1/me/end", status_code=204)
async def end_all(person: Person) -> None:
    """Ends all sessions of whoever asks, this one too."""
    await sessions.end_all(person.subject)


@app.post("/v1/keys", status_code=202)
async def rotate(caller: Caller) -> list[dict[str, Any]]:
    """Announces a new key for tokens, for operators."""
    if caller.scope != "operator":
        raise HTTPException(403, "this key is not an operator's")
    await sessions.rotate()
    listed = sessions.ring.keys()
    return [dict(key) for key in listed]


@app.get("/v1/audit")
async def decisions(caller: Caller, after: int = 0) -> list[dict[str, Any]]:
    """The last decisions, for operators."""
    if caller.scope != "operator":
        raise HTTPException(403, "this key is not an operator's")
    return await run_in_threadpool(audit.read, after)


@app.get("/healthz")
async def health() -> dict[str, int]:
    """Which process answers."""
    return {"worker": os.getpid()}
