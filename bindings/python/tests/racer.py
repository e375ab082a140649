"""One of several processes that race for the same requests: `racer.py STORE FILE SEEDS`; says for each 1 or 0."""

import sys

from counterseal.errors import CountersealError
from counterseal.replay import SharedRing
from counterseal.request import Policy, Verifier
from counterseal.stores import Sqlite
from support import AUTHORITY, NOW, Sent, key


def wins(verifier: Verifier, sent: Sent) -> bool:
    """Whether this process is the one."""
    try:
        sent.verify(verifier)
    except CountersealError as refused:
        if refused.code != "request_replayed":
            raise
        return False
    return True


if __name__ == "__main__":
    _, store, file, seeds = sys.argv
    make = {"shared": SharedRing, "sqlite": Sqlite}[store]
    server = Verifier(Policy([AUTHORITY]), [key()], make(file, now=NOW))
    requests = [Sent().signed(seed=number.to_bytes(16, "big")) for number in range(int(seeds))]
    print("ready", flush=True)
    sys.stdin.readline()
    print("".join(str(int(wins(server, sent))) for sent in requests))
