"""Counterseal: signed requests that cannot be replayed.

A worker signs, a service verifies, and a replay is refused by whichever of its processes it reaches::

    from counterseal.replay import SharedRing
    from counterseal.request import Key, Policy, Signer, Verifier

    verifier = Verifier(Policy(["api.example"]), [key], SharedRing("/run/jobs/ring"))
    verified = verifier.verify("POST", "https", "api.example", "/v1/jobs", "", headers, body)

Every refusal is a `counterseal.errors.CountersealError` with a stable `code`.
"""

from counterseal._counterseal import __version__

__all__ = ["__version__"]
