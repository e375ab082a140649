"""Signing and verifying requests.

::

    signer = Signer(Key("worker-7", secret))
    headers |= signer.sign("POST", "https", "api.example", "/v1/jobs", "", headers, body)

    verifier = Verifier(Policy(["api.example"]), [Key("worker-7", secret)], SharedRing("/run/jobs/ring"))
    verified = verifier.verify("POST", "https", "api.example", "/v1/jobs", "", headers, body)
    verified.key_id, verified.component("@path")

Paths and queries are the raw ones, percent-encoded as they go over the wire. Times are milliseconds
since 1970; `now` and `seed` may be left out, for the host's clock and generator.
"""

from counterseal._counterseal import (
    Content,
    ForeignPolicy,
    Key,
    KeyVault,
    Policy,
    Profile,
    Sent,
    Signer,
    Verified,
    VerifiedResponse,
    Verifier,
    end_key,
    revoke_key,
)

__all__ = [
    "Content",
    "ForeignPolicy",
    "Key",
    "KeyVault",
    "Policy",
    "Profile",
    "Sent",
    "Signer",
    "Verified",
    "VerifiedResponse",
    "Verifier",
    "end_key",
    "revoke_key",
]
