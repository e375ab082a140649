"""Twenty-four secrets through what a service and its clients do, and all that is told: `canary.py SECRETS OUT`.

SECRETS is a file with a JSON list of texts; what is told goes to files below OUT, and to standard output and error.
Whoever runs it searches them.
"""

# Without postponed annotations: FastAPI cannot see names that are local to a function.

import base64
import json
import logging
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, HTTPException, Security

import canary_tokens
from counterseal.errors import CountersealError
from counterseal.fastapi import ReceivedWebhook, SignedRequest, install
from counterseal.httpx import SignatureAuth
from counterseal.limit import Limit, SharedCells, client_address
from counterseal.replay import SharedRing
from counterseal.request import ForeignPolicy, Key, KeyVault, Policy, Profile, Signer, Verified, Verifier
from counterseal.stores import Memory, Sqlite
from counterseal.webhook import Received, Receiver, Sender
from servers import serving
from support import AUTHORITY, NOW


class Told:
    """All that was told, in a file."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.texts: list[str] = []

    def add(self, *things: object) -> None:
        """What a thing shows of itself."""
        for thing in things:
            self.texts += [str(thing), repr(thing)]

    def refuse(self, call: Callable[[], object]) -> None:
        """What a refusal shows, and the trace that leads to it."""
        try:
            self.add(call())
        except CountersealError as refused:
            parts = refused.code, refused.detail, refused.event, refused.headers, refused.fix, refused.args
            self.add(refused, *parts)
            # Without the lines of this program.
            self.texts += traceback.format_exception_only(refused)

    def answer(self, response: httpx.Response) -> None:
        """What came back."""
        self.texts += [f"{response.status_code} {dict(response.headers)}", response.text]


def main(secrets: list[str], out: Path) -> None:
    """All of it."""
    told = Told(out)
    first, second, third, vault_secret, webhook_one, webhook_two, body, authorization, cookie, token = secrets[:10]
    covered, unknown, message, forwarded, name, member, answered, api_key, stranger, junk = secrets[10:20]
    keys = [Key("worker-7", first.encode(), since=NOW, scope="jobs"), Key("worker-8", second.encode(), since=NOW)]
    ring = SharedRing(str(out / "ring"), now=NOW)
    database = Sqlite(str(out / "database"), now=NOW)
    cells = SharedCells(str(out / "cells"))
    told.add(*keys, ring, database, cells, ring.gauge(), cells.gauge(now=NOW))

    vault = KeyVault(vault_secret.encode()[:32])
    told.add(vault, vault.save("worker-7", first.encode(), since=NOW, scope="jobs").run(database))
    vault.rotate("worker-7", "worker-9", third.encode(), old_until=NOW + 60_000, since=NOW).run(database)
    told.add(vault.load("worker-9").run(database), vault.save("a", third.encode(), since=NOW).statement("sqlite")[0])  # type: ignore[index]
    told.refuse(lambda: vault.load(unknown).run(database))
    told.refuse(lambda: KeyVault(bytes(32)).load("worker-7").run(database))

    policy = Policy([AUTHORITY], cover=["idempotency-key"])
    verifier, signer = Verifier(policy, keys, ring), Signer(keys[0], policy)
    told.add(policy, verifier, signer, verifier.key_ids)
    for wrong in (
        lambda: Policy.parse(json.dumps({"authorities": ["a"], member: member})),
        lambda: Policy.parse(member),
        lambda: Policy([junk * 10]),
        lambda: Profile(cover=[junk + " "]),
        lambda: ForeignPolicy([AUTHORITY], tag=junk + '"'),
        lambda: Key(junk + " ", first.encode()),
        lambda: Key("a", stranger.encode()[:31]),
        lambda: signer.sign("GET", "https", AUTHORITY, "/ " + junk, "", {"idempotency-key": covered}),
        lambda: signer.sign(junk, "https", AUTHORITY, "/", "", {}),
        lambda: client_address(junk, [forwarded], hops=1, field="forwarded"),
        lambda: Receiver("billing", ["whsec_" + junk]),
        lambda: Signer(junk),  # type: ignore[arg-type]
        lambda: verifier.verify(junk, "https", AUTHORITY, "/", "", {junk: junk}, junk.encode(), now=NOW),
        lambda: verifier.verify("GET", junk, AUTHORITY, "/", "", {}, b"", now=NOW),
    ):
        told.refuse(wrong)
    limit = Limit("login", burst=1, every_ms=60_000)
    for _ in range(2):
        told.refuse(lambda: limit.by_name(name, now=NOW).run(cells))

    sent = {"idempotency-key": covered, "authorization": f"Bearer {authorization}", "cookie": f"a={cookie}"}
    sent |= {"x-api-key": api_key, "x-forwarded-for": forwarded, "host": AUTHORITY}
    explained = ("POST", "https", AUTHORITY, "/v1/jobs", f"token={token}", sent, body.encode())
    fields = sent | signer.sign(*explained, now=NOW)
    told.add(verifier.explain(*explained[:5], fields, body.encode(), base=signer.explain(*explained, now=NOW)))
    told.add(verifier.begin(*explained[:5], fields, body.encode(), now=NOW))
    for changed in (
        {"signature": junk},
        {"signature-input": junk},
        {"content-digest": junk},
        {"idempotency-key": junk},
    ):
        told.refuse(lambda changed=changed: verifier.verify(*explained[:5], fields | changed, body.encode(), now=NOW))  # type: ignore[misc]
    told.refuse(lambda: verifier.verify(*explained[:5], fields, b"other", now=NOW))
    told.refuse(lambda: verifier.verify(*explained[:5], fields, body.encode(), now=NOW + 3_600_000))

    whsec = ["whsec_" + base64.b64encode(secret.encode()).decode() for secret in (webhook_one, webhook_two)]
    sender = Sender(whsec)
    receiver = Receiver("billing", whsec, Memory(past_seconds=300, future_seconds=300, now=NOW - 900_000))
    told.add(sender, receiver)

    signed = SignedRequest(verifier, clock=lambda: NOW, on_event=told.texts.append, sign_responses=True)
    app = FastAPI()
    install(app)

    @app.post("/v1/jobs")
    async def create(by: Annotated[Verified, Security(signed)]) -> str:
        told.add(by, by.event)
        return "done"

    @app.post("/v1/fails")
    async def fails(by: Annotated[Verified, Security(signed)]) -> None:
        raise HTTPException(500, by.key_id)

    hook = ReceivedWebhook(receiver, clock=lambda: NOW, on_event=told.texts.append)

    @app.post("/hooks")
    async def receive(received: Annotated[Received, Depends(hook)]) -> str:
        told.add(received)
        return received.id

    with (
        serving(app, access_log=False) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=sent) as client,
    ):
        for key in (keys[0], Key(unknown, stranger.encode()), Key("worker-7", stranger.encode())):
            auth = SignatureAuth(Signer(key, policy), clock=lambda: NOW, seeds=lambda: bytes(16))
            for path in ("/v1/jobs", "/v1/jobs", "/v1/fails"):
                told.answer(client.post(path, params={"token": token}, content=body, auth=auth))
        told.answer(client.post("/v1/jobs", params={"token": token}, content=body))
        early = SignatureAuth(Signer(keys[1], policy), clock=lambda: NOW - 3_600_000, verify_responses=True)
        told.answer(client.post("/v1/jobs", content=answered, auth=early))
        for content in (message, junk):
            lines = sender.sign("msg_1", message.encode(), now=NOW)
            told.answer(client.post("/hooks", headers=lines, content=content))
    canary_tokens.tell(told.add, told.refuse, told.answer, secrets[20:])
    (out / "told.txt").write_text("\n".join(told.texts))


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    # They log what they send, which is theirs to do.
    for other in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(other).setLevel(logging.CRITICAL)
    with suppress(FileExistsError):
        Path(sys.argv[2]).mkdir(mode=0o700, parents=True)
    main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
