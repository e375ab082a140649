"""Where nonces are remembered: in a file that all workers of a host map, or in one process.

`SharedRing` is the one to use. `Ring` is for a service of one process; where several workers are
configured it is refused (`binding_ring_private`), because a replay sent to another worker would pass.
"""

from counterseal._counterseal import Ring, SharedRing

__all__ = ["Ring", "SharedRing"]
