"""Minting and verifying tokens from Python, against the signature alone, PyJWT and joserfc.

All have the same key objects, parsed before, and check issuer, audience and times. Counterseal draws its own seed and
reads the clock; what it verifies is a proof with typed claims.
"""

import hmac
import time
from typing import Any

import jwt
from counterseal.jwt import TokenKey, TokenMinter, TokenPolicy, TokenSigner, TokenVerifier
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt as joserfc
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from harness import Bench

SECRET = b"\x07" * 32
ISSUER = "https://issuer.example"
POLICY = TokenPolicy("access", issuer=ISSUER, audience="api")
PAIRS: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
}
CUSTOM = {"scope": "orders:read orders:write profile:read"}


def claims() -> dict[str, Any]:
    """What a token says, 10 claims and a scope, for 15 minutes from now on."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "sub": "user-7f3a9c1e",
        "aud": "api",
        "iat": now,
        "nbf": now,
        "exp": now + 900,
        "jti": "CQkJCQkJCQkJCQkJCQkJCQ",
        "user_ver": 17,
        "akid": "key-4f1c2d3e",
        "sid": "session-8a7b6c5d",
        **CUSTOM,
    }


def pem(key: Any) -> bytes:
    """A private key as PKCS#8."""
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def ours(algorithm: Any) -> TokenKey:
    """What verifies here."""
    if algorithm == "HS256":
        return TokenKey.hmac("key-2026-11", algorithm, SECRET)
    public = PAIRS[algorithm].public_key()
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return TokenKey.public("key-2026-11", algorithm, text)


def of_joserfc(algorithm: str) -> Any:
    """What signs and verifies there."""
    if algorithm == "HS256":
        return OctKey.import_key(SECRET)
    kinds: dict[str, Any] = {"ES256": ECKey, "EdDSA": OKPKey, "RS256": RSAKey}
    return kinds[algorithm].import_key(pem(PAIRS[algorithm]))


def raw_verify(algorithm: str, signed: bytes, signature: bytes) -> Any:
    """The signature alone, as `cryptography` verifies it; of ECDSA in the form that it takes."""
    if algorithm == "HS256":
        return lambda: hmac.compare_digest(hmac.digest(SECRET, signed, "sha256"), signature)
    public = PAIRS[algorithm].public_key()
    if algorithm == "EdDSA":
        return lambda: public.verify(signature, signed)
    if algorithm == "RS256":
        return lambda: public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    der = PAIRS[algorithm].sign(signed, ec.ECDSA(hashes.SHA256()))
    return lambda: public.verify(der, signed, ec.ECDSA(hashes.SHA256()))


def raw_sign(algorithm: str, signed: bytes) -> Any:
    """The signature alone."""
    if algorithm == "HS256":
        return lambda: hmac.digest(SECRET, signed, "sha256")
    private = PAIRS[algorithm]
    if algorithm == "EdDSA":
        return lambda: private.sign(signed)
    return lambda: private.sign(signed, ec.ECDSA(hashes.SHA256()))


def verify(name: str, algorithm: str) -> Bench:
    key = SECRET if algorithm == "HS256" else PAIRS[algorithm]
    token = jwt.encode(claims(), key, algorithm=algorithm, headers={"kid": "key-2026-11", "typ": "at+jwt"})
    signed, _, signature = token.rpartition(".")
    theirs = key if algorithm == "HS256" else key.public_key()
    verifier = TokenVerifier(POLICY, [ours(algorithm)], cache=0)
    registry = joserfc.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": "api"}
    )
    peer = of_joserfc(algorithm)

    def by_joserfc() -> Any:
        read = joserfc.decode(token, peer, algorithms=[algorithm])
        registry.validate(read.claims)
        return read

    size = len(token)
    bench = Bench(name).item(
        "floor", size, raw_verify(algorithm, signed.encode(), jwt.utils.base64url_decode(signature))
    )
    bench.item("counterseal", size, lambda: verifier.verify(token))
    bench.item("pyjwt", size, lambda: jwt.decode(token, theirs, [algorithm], audience="api", issuer=ISSUER))
    return bench.item("joserfc", size, by_joserfc)


def encode(name: str, algorithm: Any) -> Bench:
    key = SECRET if algorithm == "HS256" else PAIRS[algorithm]
    header = {"alg": algorithm, "kid": "key-2026-11", "typ": "at+jwt"}
    token = jwt.encode(claims(), key, algorithm=algorithm, headers=header)
    signed = token.rpartition(".")[0].encode()
    if algorithm == "HS256":
        signer = TokenSigner.hmac("key-2026-11", algorithm, SECRET)
    else:
        signer = TokenSigner.private("key-2026-11", pem(key))
    minter, peer = TokenMinter(signer, POLICY), of_joserfc(algorithm)

    def by_counterseal() -> Any:
        named = {"access_key": "key-4f1c2d3e", "session": "session-8a7b6c5d"}
        return minter.mint("user-7f3a9c1e", life_seconds=900, user_ver=17, claims=CUSTOM, **named)

    size = len(token)
    bench = Bench(name).item("floor", size, raw_sign(algorithm, signed))
    bench.item("counterseal", size, by_counterseal)
    bench.item("pyjwt", size, lambda: jwt.encode(claims(), key, algorithm=algorithm, headers=header))
    return bench.item("joserfc", size, lambda: joserfc.encode(header, claims(), peer, algorithms=[algorithm]))


def cached() -> Bench:
    """A token that was verified before. The floor is a dictionary alone; no peer keeps what it verified."""
    token = jwt.encode(claims(), SECRET, algorithm="HS256", headers={"kid": "key-2026-11", "typ": "at+jwt"})
    verifier = TokenVerifier(POLICY, [ours("HS256")])
    known = {token: verifier.verify(token)}
    bench = Bench("python_jwt_cached").item("floor", len(token), lambda: known[token])
    bench.item("counterseal", len(token), lambda: verifier.verify(token))
    options: Any = {"audience": "api", "issuer": ISSUER}
    return bench.item("pyjwt", len(token), lambda: jwt.decode(token, SECRET, ["HS256"], **options))


ALGORITHMS = {"hs256": "HS256", "es256": "ES256", "eddsa": "EdDSA", "rs256": "RS256"}
BENCHES: dict[str, Any] = {"python_jwt_cached": cached}
for short, algorithm in ALGORITHMS.items():
    name = f"python_jwt_verify_{short}"
    BENCHES[name] = lambda name=name, algorithm=algorithm: verify(name, algorithm)
    if short != "rs256":
        name = f"python_jwt_encode_{short}"
        BENCHES[name] = lambda name=name, algorithm=algorithm: encode(name, algorithm)
