"""Forces a panic in each export of the native module, one after the other, and prints what came of it as JSON.

It runs on a build with `--cfg counterseal_panic_probe`, which panics in the function that the environment names.
"""

import inspect
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import counterseal._counterseal as native
from counterseal.errors import CountersealError, InternalError
from oidc_tokens import admitted, jobs
from support import (
    NOW,
    SECRET,
    Sent,
    content,
    exchanged,
    key,
    minted,
    token_policy,
    token_signer,
    token_verifier,
    verifier,
)

# Python's own, and pyo3's for `Waiting[T]`: none of them runs a line of ours.
FOREIGN = {"__doc__", "__module__", "__class_getitem__"}

WEBHOOK = "whsec_" + "A" * 32
sender = native.Sender([WEBHOOK])
webhook = sender.sign("msg_1", b"", now=NOW)
wide = native.Memory(past_seconds=300, future_seconds=300, now=NOW - 900_000)
webhooks = native.Receiver("billing", [WEBHOOK], wide)
granted = token_verifier().verify(minted(claims={"scope": "a"}).token, now=NOW)

ring = native.TokenRing("https://iss.example", SECRET)
ring.rotate(now=NOW, seed=bytes(76)).run(native.Memory(now=NOW))

refresher = native.Refresher(confirmation="wired", within_seconds=60, signing=(1, SECRET))
begun = refresher.begin_session("a", "b", client="c", user_ver=0, now=NOW, seed=bytes(40)).run(native.Memory(now=NOW))

feed = native.SessionFeed(trusted_for_seconds=30)

OBJECTS: dict[str, Any] = {
    "AdmittedJob": admitted(),
    "Admitted": native.Limit("a", burst=1, every_ms=1).by_key("a", now=NOW).run(native.Cells()),
    "Authorized": native.Requirement(["a"]).check(granted, now=NOW),
    "Cells": native.Cells(),
    "ClaimRule": native.ClaimRule("deploy", equals={"project_id": ["4711"]}),
    "Content": content(),
    "EndedSessions": feed.read(now=NOW).run(native.Memory(now=NOW)),
    "ForeignPolicy": native.ForeignPolicy(["api.example"]),
    "GithubRule": native.GithubRule("release"),
    "Key": key(),
    "KeyFetcher": native.KeyFetcher("https://iss.example", "https://iss.example/keys", now=NOW),
    "KeyVault": native.KeyVault(SECRET),
    "Limit": native.Limit("a", burst=1, every_ms=1),
    "LiveToken": native.Standing("a", any_subject=True).begin(granted, now=NOW).run(native.Memory(now=NOW)),
    "Memory": native.Memory(now=NOW),
    "Minted": minted(),
    "OidcPolicy": jobs(),
    "Policy": native.Policy(["api.example"]),
    "Profile": native.Profile(),
    "PublishedKeys": ring.published(now=NOW),
    "Received": webhooks.receive(webhook, b"", now=NOW),
    "Receiver": webhooks,
    "Refreshed": begun,
    "Refresher": refresher,
    "Requirement": native.Requirement(["a"]),
    "Ring": native.Ring(now=NOW),
    "Sender": sender,
    "Sent": exchanged()[0],
    "Session": begun.session,
    "SessionFeed": feed,
    "SharedCells": native.SharedCells(os.environ["FILES"] + "/cells"),
    "SharedRing": native.SharedRing(os.environ["FILES"] + "/ring", now=NOW),
    "Signer": native.Signer(key()),
    "Sqlite": native.Sqlite(os.environ["FILES"] + "/db", now=NOW),
    "Standing": native.Standing("a"),
    "TokenKey": token_signer().key,
    "TokenKeys": native.TokenKeys([token_signer().key]),
    "TokenMinter": native.TokenMinter(token_signer(), token_policy()),
    "TokenPolicy": token_policy(),
    "TokenRing": ring,
    "TokenSigner": token_signer(),
    "TokenVerifier": token_verifier(),
    "Verified": Sent().signed().verify(verifier()),
    "VerifiedResponse": exchanged()[1],
    "VerifiedToken": token_verifier().verify(minted().token, now=NOW),
    "Verifier": verifier(),
    "Waiting": Sent().signed().begin(verifier()),
}


def exports() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every export by the name under which Python calls it, and a call of it."""
    for name in native.__all__:
        thing = getattr(native, name)
        if isinstance(thing, type):
            yield from members(name, thing)
        elif callable(thing):
            yield name, call(thing)


def members(name: str, kind: type) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The exports of a class: all that its dictionary holds."""
    for member, value in vars(kind).items():
        if member in FOREIGN:
            continue
        if member == "__new__":
            yield f"{name}.__new__", call(kind)
        elif inspect.isgetsetdescriptor(value):
            yield f"{name}.{member}", lambda member=member: getattr(OBJECTS[name], member)  # type: ignore[misc]
        else:
            yield f"{name}.{member}", call(getattr(OBJECTS[name], member))


def call(function: Any) -> Callable[[], Any]:
    """A call with as many arguments as there have to be."""
    parameters = inspect.signature(function).parameters.values()
    needed = [parameter for parameter in parameters if parameter.default is parameter.empty]
    positional = [None for parameter in needed if parameter.kind is not parameter.KEYWORD_ONLY]
    keywords = {parameter.name: None for parameter in needed if parameter.kind is parameter.KEYWORD_ONLY}
    return lambda: function(*positional, **keywords)


def forced(name: str, export: Callable[[], Any]) -> list[str]:
    """What comes out of an export that panics: the class, the code, and the function named."""
    os.environ["COUNTERSEAL_PANIC_PROBE"] = name
    try:
        export()
    except InternalError as error:
        return [type(error).__name__, error.code, error.detail["function"]]
    except BaseException as error:
        return [type(error).__name__]
    finally:
        del os.environ["COUNTERSEAL_PANIC_PROBE"]
    return ["nothing"]


def lives_on() -> bool:
    """Whether everything still works."""
    sent = Sent().signed()
    server = OBJECTS["Verifier"]
    try:
        return sent.verify(server).key_id == "worker-7"
    except CountersealError:
        return False


if __name__ == "__main__":
    found = [(name, forced(name, export), lives_on()) for name, export in exports()]
    print(json.dumps(found))
