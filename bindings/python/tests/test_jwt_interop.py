"""Tokens of ours read by other libraries, and theirs by us, for every algorithm that both know."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from counterseal.errors import TokenError
from counterseal.jwt import TokenKey, TokenMinter, TokenSigner, TokenVerifier
from support import NOW, SECRET, token_policy

# RFC 9864 has two names for what the name EdDSA leaves open; the tokens in use have the old one.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

LONG = SECRET + SECRET
PAIRS: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
HMAC = ["HS256", "HS384", "HS512"]
CLAIMS = {
    "iss": "https://login.example",
    "aud": "orders",
    "sub": "user-7",
    "jti": "a",
    "iat": NOW // 1000,
    "exp": NOW // 1000 + 900,
    "name": "Zo\u00eb \U0001f600",
}
HEADER = {"kid": "a", "typ": "at+jwt"}


def private(pair: Any) -> bytes:
    """A private key as PKCS#8."""
    return bytes(pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def public(pair: Any) -> str:
    """Its public half."""
    return str(pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def signer(algorithm: Any) -> TokenSigner:
    """A signer of ours."""
    if algorithm in HMAC:
        return TokenSigner.hmac("a", algorithm, LONG)
    return TokenSigner.private("a", private(PAIRS[algorithm]))


def key(algorithm: Any) -> TokenKey:
    """A key of ours."""
    if algorithm in HMAC:
        return TokenKey.hmac("a", algorithm, LONG)
    return TokenKey.public("a", algorithm, public(PAIRS.get(algorithm, RSA)))


def verified(algorithm: str, token: str) -> dict[str, Any]:
    """What we read."""
    return TokenVerifier(token_policy(), [key(algorithm)]).verify(token, now=NOW).claims


def of_joserfc(algorithm: str) -> Any:
    """The key as joserfc has it."""
    if algorithm in HMAC:
        return OctKey.import_key(LONG)
    kinds: dict[str, Any] = {"ES256": ECKey, "ES384": ECKey, "EdDSA": OKPKey}
    return kinds.get(algorithm, RSAKey).import_key(private(PAIRS.get(algorithm, RSA)))


@pytest.mark.parametrize("algorithm", [*HMAC, *PAIRS])
def test_others_read_what_is_minted_here(algorithm: str) -> None:
    minter = TokenMinter(signer(algorithm), token_policy())
    token = minter.mint("user-7", life_seconds=900, now=NOW, claims={"name": CLAIMS["name"]}).token
    their_key = LONG if algorithm in HMAC else PAIRS[algorithm].public_key()
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    read = jwt.decode(token, their_key, algorithms=[algorithm], audience="orders", options=options)
    assert (read["sub"], read["name"], read["exp"]) == ("user-7", CLAIMS["name"], CLAIMS["exp"])
    content = jws.deserialize_compact(token, of_joserfc(algorithm), algorithms=[algorithm])
    assert content.payload.decode() == TokenVerifier(token_policy(), [key(algorithm)]).verify(token, now=NOW).payload


@pytest.mark.parametrize("algorithm", [*HMAC, *PAIRS, "RS256", "PS256"])
def test_what_others_mint_is_read_here(algorithm: str) -> None:
    their_key = LONG if algorithm in HMAC else PAIRS.get(algorithm, RSA)
    token = jwt.encode(CLAIMS, their_key, algorithm=algorithm, headers=HEADER)
    assert verified(algorithm, token) == CLAIMS
    header, body, tag = token.split(".")
    with pytest.raises(TokenError) as caught:
        verified(algorithm, f"{header}.{body[:-2]}AA.{tag}")
    assert caught.value.code in ("jwt_signature", "jwt_malformed")
    text = jwt.utils.base64url_decode(body)
    token = jws.serialize_compact({"alg": algorithm, **HEADER}, text, of_joserfc(algorithm), algorithms=[algorithm])
    assert verified(algorithm, token) == CLAIMS
