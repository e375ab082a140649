"""Calls whatever is public with whatever there is, as often as it is told: `caller.py CALLS SEED`.

Prints how many calls were refused and how many were answered. Anything but an answer or a refusal of ours ends it with
1, after a line that says which call of which seed it was.
"""

from __future__ import annotations

import array
import inspect
import math
import random
import sys
from typing import Any

from counterseal.errors import CountersealError
from support import AUTHORITY, NOW, SECRET, Sent, key, verifier
from test_fuzz import CALLABLES, MAKE

SIGNED = Sent().signed()
LEAVES: list[Any] = [
    *(None, True, False, ..., len, object(), Exception, type),
    *(0, 1, -1, 60, 300, NOW, 2**31, 2**32, 2**53, 2**63, -(2**63), 2**64, 10**400),
    *(0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 1j),
    *("", "a", "\0", "\x01", "\ud800", "a\udc00", "\U0001f600", "\n", "%00", "GET", "POST", "https", AUTHORITY),
    *("/", "/v1/jobs", "sqlite", "postgres", "worker-7", "192.0.2.7", "2001:db8::7", "whsec_" + "A" * 32, "__proto__"),
    *("{}", '{"authorities": ["a"]}', "x" * 5_000),
    *(b"", SECRET, bytes(12), bytes(16), b"\xff" * 70, bytearray(16), memoryview(bytes(64))[::2]),
    *(memoryview(array.array("d", [1.0])), array.array("I", [1]), range(3), frozenset("a"), iter("a")),
    *(SIGNED.headers, SIGNED.body, list(SIGNED.headers.items())),
]


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any value: a plain one, an object of ours, or a collection."""
    kind = chance.random()
    if depth > 2 or kind < 0.6:
        return chance.choice(LEAVES)
    if kind < 0.7:
        return MAKE[chance.choice(list(MAKE))]()
    members = [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind < 0.9:
        return chance.choice([list, tuple])(members)
    return {chance.choice(["content-type", "signature", "", "\ud800", b"x"]): member for member in members}


def arguments(chance: random.Random, signature: inspect.Signature) -> tuple[list[Any], dict[str, Any]]:
    """A value for each parameter that has to be given, and for some of the others."""
    positional, keywords = [], {}
    for parameter in signature.parameters.values():
        is_needed = parameter.default is parameter.empty
        if is_needed and parameter.kind is not parameter.KEYWORD_ONLY:
            positional.append(value(chance))
        elif is_needed or chance.random() < 0.3:
            keywords[parameter.name] = value(chance)
    return positional, keywords


def call(chance: random.Random) -> bool:
    """One call; whether it was answered."""
    make, signature = CALLABLES[chance.choice(list(CALLABLES))]
    positional, keywords = arguments(chance, signature)
    try:
        make()(*positional, **keywords)
    except CountersealError as refused:
        assert refused.code != "binding_panicked"
        return False
    return True


def main(calls: int, seed: str) -> int:
    """The exit code."""
    answered = 0
    for number in range(calls):
        try:
            answered += call(random.Random(f"{seed}/{number}"))
        except BaseException as error:  # noqa: PERF203 - it names the call
            sys.stdout.write(f"call {number} of seed {seed}: {type(error).__name__}: {error}\n")
            return 1
    verifier().key_ids  # noqa: B018 - it still works
    assert key().id
    sys.stdout.write(f"{calls} calls, {answered} answered, {calls - answered} refused\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
