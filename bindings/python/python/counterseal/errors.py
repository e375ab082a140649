"""Refusals. Each has a stable code, whose fault it is, and what the peer may be told.

>>> try:
...     Policy([])
... except CountersealError as refused:
...     refused.code, refused.blame, refused.public, refused.http
('request_policy_authorities', 'integrator', 'internal_error', 500)

No refusal holds what a peer sent, a key or a token, so its text may be logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from counterseal._codes import CODES, CodeName

__all__ = [
    "ArgumentError",
    "CodeName",
    "CountersealError",
    "InternalError",
    "LimitError",
    "PolicyError",
    "RefreshError",
    "ReplayError",
    "RequestError",
    "ResponseError",
    "SignError",
    "SigningKeyError",
    "StoreError",
    "TokenError",
    "WebhookError",
]


class CountersealError(Exception):
    """A refusal."""

    code: CodeName
    """The stable name, for tests and logs."""
    blame: Literal["environment", "integrator", "peer"]
    """Who has to act."""
    public: str
    """The coarser name that the peer may be told."""
    http: int
    """The HTTP status that goes with `public`."""
    fix: str
    """What to do about it."""
    detail: Mapping[str, str]
    """The values compared; never what the peer sent."""
    event: str | None
    """The refused request as one line of JSON for the audit log."""
    retry_after: int | None
    """After how many seconds the same caller may try again, when that may help."""
    headers: Mapping[str, str]
    """Fields for the response, when there is more to tell the peer than `public`."""
    clears_cookies: bool
    """Whether the client is to forget its tokens: the session is over, or the token is none of ours."""

    def __init__(
        self,
        code: CodeName,
        text: str | None = None,
        detail: Iterable[tuple[str, str]] = (),
        event: str | None = None,
        retry_after: int | None = None,
        headers: Iterable[tuple[str, str]] = (),
        clears_cookies: bool = False,
    ) -> None:
        blame, public, http, means, fix = CODES[code]
        detail, headers = tuple(detail), tuple(headers)
        super().__init__(code, text, detail, event, retry_after, headers, clears_cookies)
        self.code = code
        self.blame = blame
        self.public = public
        self.http = http
        self.fix = fix
        self.detail = dict(detail)
        self.event = event
        self.retry_after = retry_after
        self.headers = dict(headers)
        self.clears_cookies = clears_cookies
        self._text = text or f"{means}; {fix}"

    def __str__(self) -> str:
        return f"{self.code}: {self._text}"


class ArgumentError(CountersealError):
    """The program gave an argument, or used an object, in a way that cannot work."""


class InternalError(CountersealError):
    """Counterseal met a state that it took for impossible; nothing was accepted."""


class LimitError(CountersealError):
    """A limit cannot be, or is used up."""


class PolicyError(CountersealError):
    """A policy or profile cannot be."""


class RefreshError(CountersealError):
    """A session or its refresh token was refused, or cannot be."""


class ReplayError(CountersealError):
    """A replay store cannot be opened, or must not be used here."""


class RequestError(CountersealError):
    """A request was refused."""


class ResponseError(CountersealError):
    """A response was refused, or cannot be signed."""


class SignError(CountersealError):
    """A request cannot be signed as it stands."""


class SigningKeyError(CountersealError):
    """A key, or the record of one, cannot be."""


class StoreError(CountersealError):
    """A database cannot be opened, or did not answer."""


class TokenError(CountersealError):
    """A token was refused, or a key, policy or token cannot be."""


class WebhookError(CountersealError):
    """A delivery was refused, or a sender or receiver cannot be."""


_FAMILIES: dict[str, type[CountersealError]] = {family.__name__: family for family in CountersealError.__subclasses__()}


def _make(family: str, *parts: Any) -> CountersealError:
    """The exception for a refusal of the native half."""
    return _FAMILIES[family](*parts)
