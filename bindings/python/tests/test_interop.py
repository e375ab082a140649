"""HTTP Message Signatures of another library, both ways: what it signs is verified here, and the other way round."""

from __future__ import annotations

import base64
import datetime
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from counterseal.errors import CountersealError
from counterseal.request import ForeignPolicy, Policy, Profile, Signer, Verified, Verifier
from counterseal.stores import Memory
from support import AUTHORITY, NOW, SECRET, key

INSTANT = datetime.datetime.fromtimestamp(NOW / 1000, datetime.timezone.utc)
COVERED = ("@method", "@authority", "@path", "@query")


class Secret(HTTPSignatureKeyResolver):
    """The one key."""

    def resolve_private_key(self, _: str) -> bytes:
        """As bytes."""
        return SECRET

    def resolve_public_key(self, _: str) -> bytes:
        """As bytes."""
        return SECRET


@dataclass
class Message:
    """A request as that library knows it."""

    method: str = "POST"
    url: str = f"https://{AUTHORITY}/v1/jobs?state=open&page=2"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b'{"job": 42}'

    def parts(self) -> tuple[Any, ...]:
        """The same for us."""
        url = urlsplit(self.url)
        return self.method, url.scheme, url.netloc, url.path, url.query, self.headers, self.body or None

    def sign(self, covered: tuple[str, ...] = COVERED, *, whole: bool = True, **more: Any) -> Message:
        """The same, signed there."""
        given = {"created": INSTANT, "nonce": "n-1", **more}
        peer = HTTPMessageSigner(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secret())
        body = self.body if whole and self.body else None
        peer.sign(self, key_id="worker-7", covered_component_ids=covered, body=body, **given)
        return self

    def verify(self, **policy: Any) -> Verified:
        """What we say of it."""
        return verifier(ForeignPolicy([AUTHORITY], **policy)).verify(*self.parts(), now=NOW)

    def signed_here(self, signer: Signer, *, now: int = NOW) -> Message:
        """The same, signed here."""
        self.headers |= signer.sign(*self.parts(), now=now)
        return self


def verifier(policy: Policy | ForeignPolicy) -> Verifier:
    """A verifier of the one key."""
    return Verifier(policy, [key()], Memory(now=NOW))


def get(url: str = f"https://{AUTHORITY}/") -> Message:
    """A request without content."""
    return Message("GET", url, {}, b"")


@pytest.mark.parametrize(
    ("message", "covered", "more", "policy"),
    [
        (Message(), COVERED, {}, {}),
        (Message(), ("@query", "content-type", *COVERED[:3]), {}, {"require": ["content-type"]}),
        (Message(), ("@method", "@target-uri"), {}, {"require": ["@method", "@target-uri"]}),
        (Message(), ("@request-target", "@scheme", *COVERED), {"label": "sig1"}, {}),
        (Message(), COVERED, {"tag": "shop"}, {"tag": "shop"}),
        (Message(), COVERED, {"include_alg": False}, {}),
        (Message(), COVERED, {"expires": INSTANT + datetime.timedelta(seconds=30)}, {}),
        (Message(), COVERED, {"nonce": None}, {"require_nonce": False}),
        (Message(), ('"@query-param";name="page"', *COVERED), {}, {"require": ['@query-param;name="page"']}),
        (Message(), COVERED, {"whole": False}, {"require_digest": False}),
        (get(), COVERED, {}, {}),
        (get(f"https://{AUTHORITY}/a%20b/%2F?x=%26&y"), COVERED, {}, {}),
        (get(f"https://{AUTHORITY.upper()}:443/"), COVERED, {}, {}),
        (Message("DELETE", body=b""), COVERED, {}, {}),
    ],
)
def test_what_the_other_library_signs_is_verified_here(
    message: Message, covered: tuple[str, ...], more: dict[str, Any], policy: dict[str, Any]
) -> None:
    proof = message.sign(covered, **more).verify(**policy)
    assert (proof.key_id, proof.created) == ("worker-7", NOW)
    names = [name for name, _ in proof.covered]
    assert names[: len(covered)] == [name.replace('"', "", 2) for name in covered]


@pytest.mark.parametrize(
    ("message", "profile"),
    [
        (Message(), Profile()),
        (Message(), Profile(digest="sha-512", cover_scheme=True)),
        (Message(headers={"Content-Type": "a/b", "idempotency-key": "42"}), Profile(cover=["idempotency-key"])),
        (get(), Profile()),
        (get(f"https://{AUTHORITY}/a%20b/%2F?x=%26&y"), Profile()),
        (get(f"https://{AUTHORITY.upper()}:443/a"), Profile()),
    ],
)
def test_what_is_signed_here_the_other_library_verifies(message: Message, profile: Profile) -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    message.signed_here(Signer(key(since=0), profile), now=int(now.timestamp() * 1000))
    peer = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secret())
    (result,) = peer.verify(message, expect_tag="counterseal/1", body=message.body or None)
    assert result.parameters["keyid"] == "worker-7"
    assert '"@path"' in result.covered_components
    message.headers["Signature"] = message.headers.pop("signature").replace("=:", "=:AAAA", 1)
    with pytest.raises(InvalidSignature):
        peer.verify(message, expect_tag="counterseal/1")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (Message().sign(nonce=None), "request_nonce_invalid"),
        (Message().sign(whole=False), "request_digest_missing"),
        (Message().sign(("@method",)), "request_components_unexpected"),
        (Message().sign(("@method", "@authority", "@path", "@query"), created=INSTANT - datetime.timedelta(hours=1)),
         "request_outside_window"),
        (Message().sign(('"content-type";bs', *COVERED)), "request_components_unexpected"),
        (Message().sign(tag="counterseal/1"), "request_parameters_unexpected"),
    ],
)  # fmt: skip
def test_what_the_policy_does_not_take_is_refused_by_its_code(message: Message, code: str) -> None:
    with pytest.raises(CountersealError) as refused:
        message.verify()
    assert refused.value.code == code


def test_a_replay_is_accepted_there_and_refused_here() -> None:
    server = verifier(ForeignPolicy([AUTHORITY]))
    message = Message().sign()
    server.verify(*message.parts(), now=NOW)
    with pytest.raises(CountersealError) as refused:
        server.verify(*message.parts(), now=NOW)
    assert refused.value.code == "request_replayed"
    peer = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secret())
    again = Message().sign(created=datetime.datetime.now(datetime.timezone.utc))
    assert len([peer.verify(again, body=again.body) for _ in range(2)]) == 2


def test_the_other_library_takes_a_day_and_any_coverage_unless_it_is_told() -> None:
    """What docs/compare.md says of it."""
    peer = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secret())
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=23)
    bare = Message().sign(("content-type",), whole=False, created=old, nonce=None)
    bare.body = b"other content"
    bare.url = f"https://{AUTHORITY}/elsewhere"
    assert len(peer.verify(bare)) == 1


def test_the_rfcs_shared_secret_example_is_verified_by_both() -> None:
    digest = hashlib.sha512(b'{"hello": "world"}').digest()
    message = Message(
        url="https://example.com/foo?param=Value&Pet=dog",
        headers={
            "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "Content-Type": "application/json",
            "Content-Digest": f"sha-512=:{base64.b64encode(digest).decode()}:",
            "Signature-Input": 'sig-b25=("date" "@authority" "content-type");created=1618884473;'
            'keyid="test-shared-secret"',
            "Signature": "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
        },
        body=b'{"hello": "world"}',
    )
    secret = base64.b64decode(
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
    )
    then = 1_618_884_473_000
    loose = ForeignPolicy(["example.com"], require=["date"], require_nonce=False, require_digest=False)
    server = Verifier(loose, [key("test-shared-secret", secret, since=0)], Memory(now=then - 300_000))
    assert server.verify(*message.parts(), now=then).key_id == "test-shared-secret"
