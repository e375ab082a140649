"""The same tokens to our verifier and to joserfc, told all that it can be told: `docs/compare.md` says what differs.

`COUNTERSEAL_TOKENS` says how many tokens are looked at, and `COUNTERSEAL_SEED` which ones.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey

from counterseal.errors import TokenError
from counterseal.jwt import TokenKey, TokenPolicy, TokenVerifier
from histories import ROOT
from support import NOW
from tokens_beside import AUDIENCE, ISSUER, token

# RFC 9864 has two names for what the name EdDSA leaves open; the tokens in use have the old one.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

COUNT = int(os.environ.get("COUNTERSEAL_TOKENS", "20000"))
SEED = int(os.environ.get("COUNTERSEAL_SEED", "1"))
SECONDS = NOW // 1000
SECRET = bytes([7]) * 32
POINT = ec.derive_private_key(7, ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.from_private_bytes(SECRET)
ACCEPTED, REFUSED = "accepted by both", "refused by both"


def sign(kid: str, message: bytes) -> bytes:
    """A signature by the key of this id; equal messages have equal ones."""
    if kid == "k1":
        return hmac.new(SECRET, message, hashlib.sha256).digest()
    if kid == "ed":
        return EDWARDS.sign(message)
    r, s = decode_dss_signature(POINT.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def pem(pair: Any) -> str:
    """The public half of a pair."""
    return str(pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


KEYS = [
    TokenKey.hmac("k1", "HS256", SECRET),
    TokenKey.public("ec", "ES256", pem(POINT)),
    TokenKey.public("ed", "EdDSA", pem(EDWARDS)),
]
OURS = TokenVerifier(TokenPolicy("access", issuer=ISSUER, audience=AUDIENCE), KEYS)
THEIR_KEYS = KeySet(
    [
        OctKey.import_key(SECRET, {"kid": "k1", "alg": "HS256", "use": "sig"}),
        ECKey.import_key(pem(POINT), {"kid": "ec", "alg": "ES256", "use": "sig"}),
        OKPKey.import_key(pem(EDWARDS), {"kid": "ed", "alg": "EdDSA", "use": "sig"}),
    ]
)
THEIR_RULES = jwt.JWTClaimsRegistry(
    now=SECONDS,
    leeway=30,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    sub={"essential": True},
    exp={"essential": True},
    iat={"essential": True},
    jti={"essential": True},
)


def rows(library: str) -> list[str]:
    """The first column of the page's table about a library."""
    table = (ROOT / "docs/compare.md").read_text().split(f"<!-- {library} -->")[1].split("<!-- / -->")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def theirs(text: str) -> dict[str, Any] | None:
    """The claims that joserfc takes; its own errors, and the one that is none of them, are a refusal."""
    try:
        claims = jwt.decode(text, THEIR_KEYS, algorithms=["HS256", "ES256", "EdDSA"]).claims
        THEIR_RULES.validate(claims)
    except (JoseError, TypeError):
        return None
    return claims


def verdict(verifier: TokenVerifier, text: str) -> str:
    """What both say, or by which rule ours refuses what joserfc accepts."""
    claims = theirs(text)
    try:
        verified = verifier.verify(text, now=NOW)
    except TokenError as error:
        return REFUSED if claims is None else " ".join([error.code, *filter(None, [error.detail.get("claim")])])
    if claims is None:
        return "accepted, and refused there"
    same = verified.claims == claims and (verified.subject, verified.id) == (claims["sub"], claims["jti"])
    return ACCEPTED if same else "accepted by both, and read in two ways"


def verdicts(verifier: TokenVerifier, count: int) -> Iterable[str]:
    """The verdicts on so many tokens."""
    random = Random(SEED)
    return (verdict(verifier, token(random, SECONDS, sign)) for _ in range(count))


def test_every_verdict_that_differs_is_explained_by_the_page_and_every_row_of_it_is_shown() -> None:
    found = Counter(verdicts(OURS, COUNT))
    assert set(found) == {ACCEPTED, REFUSED, *rows("joserfc")}, found


def test_a_verifier_that_accepts_what_the_other_refuses_is_found() -> None:
    late = TokenVerifier(TokenPolicy("access", issuer=ISSUER, audience=AUDIENCE, leeway_seconds=90), KEYS)
    assert "accepted, and refused there" in set(verdicts(late, 3_000))


def test_a_crit_that_is_no_list_of_texts_ends_in_an_error_of_python() -> None:
    header = b'{"alg":"HS256","kid":"k1","typ":"at+jwt","crit":1}'
    text = jwt.encode({"alg": "HS256"}, {}, OctKey.import_key(SECRET)).split(".")[1]
    encoded = OctKey.import_key(header).as_dict()["k"]
    signed = f"{encoded}.{text}"
    signature = OctKey.import_key(sign("k1", signed.encode())).as_dict()["k"]
    with pytest.raises(TypeError):
        jwt.decode(f"{signed}.{signature}", THEIR_KEYS, algorithms=["HS256"])
    with pytest.raises(TokenError) as caught:
        OURS.verify(f"{signed}.{signature}", now=NOW)
    assert caught.value.code == "jwt_header"
