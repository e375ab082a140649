"""Whatever is handed to whatever is public, what comes out is a result or a refusal of ours."""

from __future__ import annotations

import array
import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import counterseal._counterseal as native
from counterseal.errors import CountersealError
from counterseal.jwt import (
    ClaimRule,
    GithubRule,
    KeyFetcher,
    Requirement,
    Standing,
    TokenKeys,
    TokenMinter,
    TokenRing,
    VerifiedToken,
)
from counterseal.limit import Cells, Limit
from counterseal.refresh import Refreshed, Refresher, SessionFeed
from counterseal.replay import Ring
from counterseal.request import ForeignPolicy, KeyVault, Policy, Profile, Signer, Verifier
from counterseal.stores import Memory
from counterseal.webhook import Receiver, Sender
from oidc_tokens import admitted, jobs
from support import (
    AUTHORITY,
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

# 2 000 in all, over about forty callables.
EXAMPLES = 50

TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(categories=["Cs", "Cc"]), max_size=4),
    st.sampled_from(["GET", "POST", "http", "https", AUTHORITY, "/", "/v1", "sqlite", "postgres", "a", "\0", "%00"]),
)
BUFFERS = st.one_of(
    st.binary(max_size=70),
    st.binary(max_size=70).map(bytearray),
    st.binary(max_size=70).map(lambda data: memoryview(data)[::-1]),
    st.sampled_from([b"", SECRET, bytes(16), bytes(12)]),
    st.lists(st.floats(), max_size=8).map(lambda numbers: memoryview(array.array("d", numbers))),
)
NUMBERS = st.one_of(
    st.integers(),
    st.integers(min_value=-(2**65), max_value=2**65),
    st.sampled_from([0, 1, 60, 300, NOW, 2**31, 2**32, 2**63, -(2**63), 10**30, True, False]),
    st.floats(),
    st.sampled_from([math.nan, math.inf, -math.inf, -0.0]),
)
OBJECTS = st.sampled_from(
    [
        None,
        object(),
        key(),
        Policy([AUTHORITY]),
        Profile(),
        Signer(key()),
        verifier(),
        Memory(now=NOW),
        Ring(now=NOW),
        KeyVault(SECRET),
        Sent().signed().verify(verifier()),
        Sent().signed().begin(verifier()),
        Memory,
        len,
        ...,
    ]
)
SCALARS = st.one_of(TEXTS, BUFFERS, NUMBERS, OBJECTS)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(TEXTS, inner, max_size=3),
        st.lists(st.tuples(st.one_of(TEXTS, BUFFERS), st.one_of(TEXTS, BUFFERS)), max_size=3),
    ),
    max_leaves=6,
)

WEBHOOK = "whsec_" + "A" * 32


def webhooks() -> Receiver:
    """A receiver over a store of its own."""
    store = Memory(past_seconds=300, future_seconds=300, now=NOW)
    return Receiver("billing", [WEBHOOK], store)


def granted() -> VerifiedToken:
    """A token with a grant."""
    return token_verifier().verify(minted(claims={"scope": "a"}).token, now=NOW)


def ring() -> TokenRing:
    """A ring with a key."""
    made = TokenRing("https://iss.example", SECRET)
    made.rotate(now=NOW).run(Memory(now=NOW))
    return made


def refresher() -> Refresher:
    """One that begins and refreshes sessions."""
    return Refresher(confirmation="wired", within_seconds=3600, signing=(1, SECRET))


def feed() -> SessionFeed:
    """One that says which sessions have ended."""
    return SessionFeed(trusted_for_seconds=30)


def begun() -> Refreshed:
    """A session that has begun."""
    waiting = refresher().begin_session("login", "ada", client="web", user_ver=0, now=NOW)
    return waiting.run(Memory(now=NOW))


# What the methods belong to; each example gets an object of its own.
MAKE: dict[str, Callable[[], Any]] = {
    "AdmittedJob": admitted,
    "Admitted": lambda: Limit("a", burst=1, every_ms=1).by_key("a", now=NOW).run(Cells()),
    "Authorized": lambda: Requirement(["a"]).check(granted(), now=NOW),
    "Cells": Cells,
    "ClaimRule": lambda: ClaimRule("deploy", equals={"project_id": ["4711"]}),
    "Content": content,
    "EndedSessions": lambda: feed().read(now=NOW).run(Memory(now=NOW)),
    "ForeignPolicy": lambda: ForeignPolicy([AUTHORITY]),
    "GithubRule": lambda: GithubRule("release"),
    "Key": key,
    "KeyFetcher": lambda: KeyFetcher("https://iss.example", "https://iss.example/keys", now=NOW),
    "KeyVault": lambda: KeyVault(SECRET),
    "Limit": lambda: Limit("a", burst=1, every_ms=1),
    "LiveToken": lambda: Standing("a", any_subject=True).begin(granted(), now=NOW).run(Memory(now=NOW)),
    "Memory": lambda: Memory(now=NOW),
    "Minted": minted,
    "OidcPolicy": jobs,
    "Policy": lambda: Policy([AUTHORITY]),
    "Profile": Profile,
    "PublishedKeys": lambda: ring().published(now=NOW),
    "Received": lambda: webhooks().check(Sender([WEBHOOK]).sign("a", b"", now=NOW), b"", now=NOW),
    "Receiver": webhooks,
    "Refreshed": begun,
    "Refresher": refresher,
    "Requirement": lambda: Requirement(["a"]),
    "Ring": lambda: Ring(now=NOW),
    "Sender": lambda: Sender([WEBHOOK]),
    "Sent": lambda: exchanged()[0],
    "Session": lambda: begun().session,
    "SessionFeed": feed,
    "Signer": lambda: Signer(key()),
    "Standing": lambda: Standing("a"),
    "TokenKey": lambda: token_signer().key,
    "TokenKeys": lambda: TokenKeys([token_signer().key]),
    "TokenMinter": lambda: TokenMinter(token_signer(), token_policy()),
    "TokenPolicy": token_policy,
    "TokenRing": ring,
    "TokenSigner": token_signer,
    "TokenVerifier": token_verifier,
    "Verified": lambda: Sent().signed().verify(verifier()),
    "VerifiedResponse": lambda: exchanged()[1],
    "VerifiedToken": lambda: token_verifier().verify(minted().token, now=NOW),
    "Verifier": lambda: Verifier(Policy([AUTHORITY]), [key()], Memory(now=NOW)),
    "Waiting": lambda: Sent().signed().begin(verifier()),
}
# They take nothing, or open files: where they may not go is tested in test_arguments.
SKIPPED = {"SharedCells", "SharedRing", "Sqlite"}


# What decisions end in; nobody makes one.
OUTCOMES = (
    "Admitted",
    "Content",
    "EndedSessions",
    "Received",
    "Refreshed",
    "Sent",
    "Session",
    "Verified",
    "VerifiedResponse",
    "Waiting",
)


def callables() -> dict[str, tuple[Callable[[], Any], inspect.Signature]]:
    """Every public callable that takes arguments, by name, with its signature."""
    found: dict[str, tuple[Callable[[], Any], inspect.Signature]] = {}
    for name in sorted(set(native.__all__) - SKIPPED):
        thing = getattr(native, name)
        if isinstance(thing, type):
            if name not in OUTCOMES:
                found[name] = (lambda thing=thing: thing), inspect.signature(thing)  # type: ignore[misc]
            for method in sorted(vars(thing)):
                if method.startswith("__"):
                    continue
                member = getattr(thing, method)
                if callable(member):
                    found[f"{name}.{method}"] = bound(name, method), inspect.signature(getattr(MAKE[name](), method))
        elif callable(thing):
            found[name] = (lambda thing=thing: thing), inspect.signature(thing)  # type: ignore[misc]
    return {name: entry for name, entry in found.items() if entry[1].parameters}


def bound(name: str, method: str) -> Callable[[], Any]:
    """A method of a new object."""
    return lambda: getattr(MAKE[name](), method)


CALLABLES = callables()


def arguments(signature: inspect.Signature) -> st.SearchStrategy[tuple[list[Any], dict[str, Any]]]:
    """Values for every parameter that has to be given, and for some of the others."""
    parameters = signature.parameters.values()
    positional = [ANYTHING for p in parameters if p.kind is not p.KEYWORD_ONLY and p.default is p.empty]
    forced = {p.name: ANYTHING for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty}
    optional = {p.name: ANYTHING for p in parameters if p.default is not p.empty}
    return st.tuples(st.tuples(*positional).map(list), st.fixed_dictionaries(forced, optional=optional))


def test_every_public_callable_is_there() -> None:
    assert len(CALLABLES) >= 30
    assert {"Key", "Signer.sign", "Verifier.verify", "Waiting.answer", "migrations"} <= set(CALLABLES)


@pytest.mark.parametrize("name", CALLABLES)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_b01_nothing_foreign_comes_out_of(name: str, data: st.DataObject) -> None:
    make, signature = CALLABLES[name]
    positional, keywords = data.draw(arguments(signature))
    try:
        make()(*positional, **keywords)
    except CountersealError as refused:
        assert refused.code != "binding_panicked"


PARTS = {
    "method": st.sampled_from(["GET", "POST", "put", b"GET", "é"]),
    "scheme": st.sampled_from(["http", "https", "ws"]),
    "authority": st.sampled_from([AUTHORITY, "other.example", "API.EXAMPLE", b"api.example:443", ""]),
    "path": st.one_of(st.binary(max_size=20).map(lambda tail: b"/" + tail), TEXTS),
    "query": st.one_of(st.none(), st.binary(max_size=20), TEXTS),
    "headers": st.dictionaries(st.sampled_from(["content-type", "X-A", "signature", "é"]), TEXTS, max_size=3),
    "body": st.one_of(st.none(), BUFFERS),
}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(parts=st.fixed_dictionaries(PARTS))
def test_whatever_can_be_signed_is_accepted_by_the_verifier(parts: dict[str, Any]) -> None:
    try:
        fields = Signer(key()).sign(**parts, now=NOW, seed=bytes(16))
    except CountersealError as refused:
        assert refused.blame == "integrator"
        return
    signed = {**parts, "headers": {**parts["headers"], **fields}}
    try:
        assert verifier().verify(**signed, now=NOW).key_id == "worker-7"
    except CountersealError as refused:
        # It is for somebody else, or the body was signed under a media type that was sent twice.
        assert refused.code == "request_authority_unknown"
