"""What goes in and comes out, for type checkers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict

__all__ = [
    "Buffer",
    "Cell",
    "CellGauge",
    "Dialect",
    "Explained",
    "Fields",
    "Gauge",
    "NumberedSecret",
    "Raw",
    "RingKey",
    "Room",
    "Statement",
]

Buffer: TypeAlias = bytes | bytearray | memoryview
"""Bytes. `bytes` are borrowed; the others are copied before anything is looked at."""
Raw: TypeAlias = str | bytes | bytearray | memoryview
"""Bytes, or the text that they are in UTF-8."""
Fields: TypeAlias = dict[str, str] | dict[str, bytes] | dict[bytes, bytes] | Sequence[tuple[Raw, Raw]]
"""Field lines: a dict, or a list or tuple of pairs of name and value, in their order."""
NumberedSecret: TypeAlias = tuple[int, bytes | bytearray | memoryview]
"""A secret of refresh tokens and its number, 0 to 255."""
Dialect: TypeAlias = Literal["postgres", "redis", "sqlite"]
"""A language of databases."""
Room: TypeAlias = Literal["denied", "job", "refresh", "request", "webhook"]
"""What is swept: claims of jobs, requests or webhooks, denied tokens, or sessions."""
Cell: TypeAlias = int | str | bytes | None
"""What a column of a row may hold."""
Statement: TypeAlias = tuple[str, str, list[Cell]]
"""What a driver runs: a name that stays the same, a text, and the values of its parameters."""


class Explained(TypedDict):
    """What a verifier compared, for the operator."""

    base: str
    """The signature base, redacted."""
    broken_rule: str | None
    """The code of the rule that components or parameters break."""
    difference: tuple[int, str, int] | None
    """Line, component and character at which the signer's base differs first."""


class CellGauge(TypedDict):
    """How many cells of a table of limits are not empty."""

    cells: int
    """All of them."""
    hot: int
    """Those that are not empty. Above half of `cells` honest callers begin to be refused for what others did."""


class Gauge(TypedDict):
    """How full a ring is, counted nonce by nonce."""

    capacity: int
    """Room for nonces, all generations together."""
    live: int
    """Nonces that are remembered now."""
    generation: int
    """Room for nonces in one generation of 15 s."""
    fullest: int
    """Nonces in the fullest generation. Alarm at 0.8 of `generation`; claims begin to be refused above 0.9."""


class RingKey(TypedDict):
    """A key of a ring. Times are in milliseconds since 1970."""

    id: str
    """Its `kid`: the thumbprint of the key."""
    state: Literal["announced", "active", "retiring", "retired"]
    announced: int
    """Since when it is published."""
    active: int
    """Since when, or from when on, it signs."""
    ends: int | None
    """When it signs no more, if another one was announced."""
    gone: int | None
    """When it is published no more, if another one was announced."""
