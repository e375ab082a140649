"""What the columns about Python of the table of tokens in `docs/compare.md` say, shown on the released packages.

Each library is told the issuer, the audience and the algorithm, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import jwt as pyjwt
import pytest
from jose import jwt as python_jose  # type: ignore[import-untyped]
from jose.exceptions import JOSEError  # type: ignore[import-untyped]
from joserfc import jwt as joserfc
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from compared import column, measured
from counterseal.errors import CountersealError
from counterseal.jwt import TokenKey, TokenPolicy, TokenVerifier

ISSUER = "https://iss.example"
AUDIENCE = "api"


def ours(token: str, secret: bytes) -> object:
    """Our verifier."""
    keys = [TokenKey.hmac("k1", "HS256", secret)]
    return TokenVerifier(TokenPolicy("access", issuer=ISSUER, audience=AUDIENCE), keys).verify(token)


def of_pyjwt(token: str, secret: bytes) -> object:
    """As its documentation has it."""
    return pyjwt.decode(token, secret, algorithms=["HS256"], issuer=ISSUER, audience=AUDIENCE)


def of_joserfc(token: str, secret: bytes) -> object:
    """As its documentation has it."""
    claims = joserfc.decode(token, OctKey.import_key(secret), algorithms=["HS256"]).claims
    iss: Any = {"essential": True, "value": ISSUER}
    aud: Any = {"essential": True, "value": AUDIENCE}
    joserfc.JWTClaimsRegistry(iss=iss, aud=aud).validate(claims)
    return claims


def of_python_jose(token: str, secret: bytes) -> object:
    """As its documentation has it."""
    return python_jose.decode(token, secret, algorithms=["HS256"], issuer=ISSUER, audience=AUDIENCE)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("library", "look", "refusals"),
    [
        ("PyJWT", of_pyjwt, (pyjwt.PyJWTError,)),
        ("joserfc", of_joserfc, (JoseError,)),
        ("python-jose", of_python_jose, (JOSEError,)),
        ("Counterseal", ours, (CountersealError,)),
    ],
)
def test_a_column_says_what_the_released_package_does(
    library: str, look: Callable[[str, bytes], Any], refusals: tuple[type[Exception], ...]
) -> None:
    name = library if library == "Counterseal" else f"`{library}` {version(library)}"
    assert measured(look, refusals, int(time.time())) == column(name)
