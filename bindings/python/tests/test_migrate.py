"""The pages `docs/migrate` about libraries of Python: their code is run, and their tables of errors are shown."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jose import jwt as python_jose  # type: ignore[import-untyped]
from jose.exceptions import JOSEError  # type: ignore[import-untyped]
from joserfc.jwk import ECKey

from compared import MADE, secret, token
from counterseal.errors import CountersealError, TokenError
from counterseal.jwt import TokenKey, TokenPolicy, TokenVerifier
from histories import ROOT
from support import NOW

PAGES = {"PyJWT": "pyjwt.md", "python-jose": "python-jose.md"}
DECODE: dict[str, Callable[..., Any]] = {"PyJWT": pyjwt.decode, "python-jose": python_jose.decode}
POLICY = TokenPolicy("access", issuer="https://iss.example", audience="api")
# What goes wrong with tokens every day.
WRONG: list[dict[str, Any]] = [
    {"claims": {"exp": "$-100"}},
    {"claims": {"nbf": "$+3600"}},
    {"claims": {"aud": '"other"'}},
    {"claims": {"aud": None}},
    {"claims": {"iss": '"https://evil.example"'}},
    {"claims": {"iss": None}},
    {"header": {"alg": '"HS512"'}},
    {"claims": {"x": "}"}},
    {"signature": "AAAA"},
    {"signature": "!"},
]

# What the page about all libraries says of tokens as they often are, in the order of its table.
OFTEN: list[tuple[str, dict[str, Any]]] = [
    *(("jwt_claim_missing", {"claims": {name: None}}) for name in ("iss", "sub", "aud", "iat", "exp", "jti")),
    ("jwt_type", {"header": {"typ": '"JWT"'}}),
    *(("jwt_header", {"header": {name: None}}) for name in ("typ", "kid")),
    ("jwt_header", {"header": {"x5t": '"a"'}}),
    ("jwt_lifetime", {"claims": {"exp": "$+1741"}}),
    ("jwt_payload", {"more": ',"role":"a"'}),
    ("jwt_payload", {"claims": {"x": "[" * 9 + "]" * 9}}),
    ("jwt_payload", {"more": "".join(f',"m{at}":1' for at in range(64))}),
    ("jwt_expired", {"claims": {"exp": "$-31"}}),
    ("jwt_not_yet_valid", {"claims": {"nbf": "$+40"}}),
    ("key_too_short", {"secret": "07" * 31}),
]


def page(library: str) -> str:
    """The text of a page."""
    return (ROOT / "docs/migrate" / PAGES[library]).read_text()


@pytest.mark.parametrize("library", PAGES)
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow")
def test_the_code_of_a_page_runs(library: str) -> None:
    text, names = page(library), keys()
    assert f"\n{library} {version(library)}." in text
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        exec(block, names)
    assert names["found"] == ["jwt_claim_missing"]


def test_the_page_about_all_of_them_says_what_becomes_of_tokens_as_they_often_are() -> None:
    table = (ROOT / "docs/migrate/README.md").read_text().split("|---|---|---|")[1].split("\n\n")[0]
    listed = [code for line in table.splitlines() for code in re.findall(r"`((?:jwt|key)_\w+)`", line)]
    assert listed == list(dict.fromkeys(code for code, _ in OFTEN))
    for code, changes in OFTEN:
        with pytest.raises(CountersealError) as caught:
            look(changes)
        assert caught.value.code == code, changes


def look(changes: dict[str, Any]) -> None:
    """Verifies a token with something changed."""
    known = TokenKey.hmac("k1", "HS256", secret(changes))
    TokenVerifier(POLICY, [known]).verify(token(changes, NOW // 1000), now=NOW)


def keys() -> dict[str, Any]:
    """A pair on P-256, in the forms that a service may have it in."""
    pair = ec.generate_private_key(ec.SECP256R1())
    private = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    jwk = json.dumps(ECKey.import_key(public, {"kid": "login-2", "alg": "ES256"}).as_dict())
    return {"private_pem": private, "public_pem": public, "jwk": jwk, "jwks": f'{{"keys":[{jwk}]}}'}


@pytest.mark.parametrize("library", PAGES)
def test_the_errors_of_a_page_are_those_of_the_library(library: str) -> None:
    table = page(library).split("## Errors")[1]
    rows = [tuple(re.findall(r"`(\w+)`", line)) for line in table.splitlines() if line.startswith("| `")]
    assert {found(library, wrong) for wrong in WRONG} - {None} == set(rows)


def found(library: str, wrong: dict[str, Any]) -> tuple[str, str] | None:
    """The name of the library's error, and our code; nothing for what the library accepts."""
    text, known = token(wrong, int(time.time())), secret(MADE)
    with pytest.raises(TokenError) as ours:
        TokenVerifier(POLICY, [TokenKey.hmac("k1", "HS256", known)]).verify(text)
    try:
        DECODE[library](text, known, algorithms=["HS256"], issuer="https://iss.example", audience="api")
    except (pyjwt.PyJWTError, JOSEError) as theirs:
        return type(theirs).__name__, ours.value.code
    return None
