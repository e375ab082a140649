"""What a database that has lost its nonces needs: a new beginning."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from counterseal._counterseal import migrations
from counterseal.errors import ArgumentError
from counterseal.types import Cell, Dialect

__all__ = ["Beginning", "patience"]

_log = logging.getLogger("counterseal.stores")

_COLD = ("cold", b"cold")
_EPOCH = "counterseal_epoch"


def patience(timeout: float) -> float:
    """The seconds after which a step has no answer."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        raise ArgumentError("binding_argument_type", detail=[("timeout", "a number of seconds above 0")])
    return timeout


class Beginning:
    """Begins an epoch for a database that says that it knows of no nonces."""

    def __init__(self, dialect: Dialect, future_seconds: int, clock: Callable[[], int] | None) -> None:
        if clock is not None and not callable(clock):
            raise ArgumentError("binding_argument_type", detail=[("clock", "a function")])
        # Whatever cannot be is refused here, and not after a loss.
        migrations(dialect, future_seconds=future_seconds, now=0)
        self._dialect: Dialect = dialect
        self.future_seconds = future_seconds
        """How far ahead clocks may be."""
        self._clock = clock

    def told(self, future_seconds: int | None) -> None:
        """Takes the window that the database was made ready for, if one was named."""
        if future_seconds is not None:
            self.future_seconds = future_seconds

    async def after(
        self, rows: Sequence[Sequence[Cell]], execute: Callable[[str, list[Cell]], Awaitable[Iterable[Any]]]
    ) -> None:
        """Begins anew if these rows say so. What was asked stays refused, whatever becomes of this."""
        if len(rows) != 1 or rows[0][0] not in _COLD:
            return
        now = self._clock and self._clock()
        try:
            for name, text, values in migrations(self._dialect, future_seconds=self.future_seconds, now=now):
                if name == _EPOCH:
                    await execute(text, values)
        except Exception as error:
            _log.error("the database has lost its nonces, and no new epoch was begun: %s", type(error).__name__)
        else:
            _log.warning("the database has lost its nonces; it warms up")
