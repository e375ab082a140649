"""Signing and verifying from Python, against the MAC alone and against `http-message-signatures`.

    python bench.py python_request_sign python_request_verify

Both cover the same seven components with the same key and parameters. Counterseal is called as its users call it: it
hashes the content, draws a nonce, reads the clock, and claims the nonce in a ring. The peer is given the digest, the
nonce and the times, does not look at the content, and remembers nothing.
"""

import datetime
import hmac
import sys
import time
from typing import Any

import requests
from counterseal.replay import Ring
from counterseal.request import Key, Policy, Profile, Signer, Verifier
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

import tokens
from harness import Bench

SECRET = b"\x07" * 32
KEY_ID = "worker-7f3a"
COVER = ["idempotency-key"]
BODY = b'{"order":42,"confirm":true}'
LINE = ("POST", "https", "api.example", "/v1/orders/42/confirm", "dry_run=false")
HEADERS = [
    ("host", "api.example"),
    ("content-type", "application/json"),
    ("idempotency-key", "4f1c2d3e"),
    ("accept", "application/json"),
]

SIGNER = Signer(Key(KEY_ID, SECRET), Profile(cover=COVER))
BASE = SIGNER.explain(*LINE, HEADERS, BODY).encode()
SIGNED = SIGNER.sign(*LINE, HEADERS, BODY)


def floor() -> bytes:
    return hmac.digest(SECRET, BASE, "sha256")


class Secret(HTTPSignatureKeyResolver):
    """The peer's view of the key."""

    def resolve_private_key(self, key_id: str) -> bytes:  # noqa: ARG002  (there is one key)
        return SECRET

    def resolve_public_key(self, key_id: str) -> bytes:  # noqa: ARG002
        return SECRET


def peer_sign() -> tuple[requests.PreparedRequest, Any]:
    """A request of the peer, and what signs it."""
    signer = HTTPMessageSigner(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secret())
    url = "https://api.example/v1/orders/42/confirm?dry_run=false"
    request = requests.Request("POST", url, data=BODY, headers=dict(HEADERS)).prepare()
    request.headers["content-digest"] = SIGNED["content-digest"]
    now = datetime.datetime.now(datetime.timezone.utc)
    given = {
        "key_id": KEY_ID,
        "created": now,
        "expires": now + datetime.timedelta(minutes=1),
        "nonce": "CQkJCQkJCQkJCQkJCQkJCQ",
        "label": "cs",
        "tag": "counterseal/1",
        "covered_component_ids": covered(),
        "use_existing_digest": True,
    }
    return request, lambda: signer.sign(request, **given)


def covered() -> tuple[str, ...]:
    """The components of our base, in their order."""
    return tuple(line.split('"')[1] for line in BASE.decode().splitlines()[:-1])


def sign() -> Bench:
    bench = Bench("python_request_sign").item("floor", len(BASE), floor)
    bench.item("counterseal", len(BASE), lambda: SIGNER.sign(*LINE, HEADERS, BODY))
    return bench.item("http_message_signatures", len(BASE), peer_sign()[1])


def verify() -> Bench:
    verifier = our_verifier()
    request, sign = peer_sign()
    sign()
    peer = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secret())
    age = datetime.timedelta(hours=1)
    fields = received()
    bench = Bench("python_request_verify").item("floor", len(BASE), floor)
    bench.prepared("counterseal", len(BASE), received, lambda fields: verifier.verify(*LINE, fields, BODY))
    bench.item("counterseal_unclaimed", len(BASE), lambda: verifier.begin(*LINE, fields, BODY))
    return bench.item("http_message_signatures", len(BASE), lambda: peer.verify(request, max_age=age))


def our_verifier() -> Verifier:
    """With a ring that began long enough ago to know everything."""
    ring = Ring(per_second=20_000, now=time.time_ns() // 1_000_000 - 120_000)
    return Verifier(Policy(["api.example"], cover=COVER), [Key(KEY_ID, SECRET)], ring)


def received() -> list[tuple[bytes, bytes]]:
    """The field lines of a new request, as servers of ASGI hand them over."""
    lines = HEADERS + list(SIGNER.sign(*LINE, HEADERS, BODY).items())
    return [(name.encode(), value.encode()) for name, value in lines]


BENCHES = {"python_request_sign": sign, "python_request_verify": verify, **tokens.BENCHES}

for name in sys.argv[1:]:
    BENCHES[name]().run()
