"""What a database that has lost its nonces needs: a new beginning."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from counterseal._counterseal import migrations
from counterseal.types import Cell, Dialect

__all__ = ["Beginning"]

_log = logging.getLogger("counterseal.stores")

_COLD = ("cold", b"cold")
_EPOCH = "counterseal_epoch"


class Beginning:
    """Begins an epoch for a database that says that it knows of no nonces."""

    def __init__(self, dialect: Dialect, future_seconds: int, clock: Callable[[], int] | None) -> None:
        self._dialect: Dialect = dialect
        self._future = future_seconds
        self._clock = clock

    def told(self, future_seconds: int | None) -> None:
        """Takes the window that the database was made ready for."""
        self._future = 60 if future_seconds is None else future_seconds

    async def after(
        self, rows: Sequence[Sequence[Cell]], execute: Callable[[str, list[Cell]], Awaitable[Iterable[Any]]]
    ) -> None:
        """Begins anew if these rows say so. What was asked stays refused, whatever becomes of this."""
        if len(rows) != 1 or rows[0][0] not in _COLD:
            return
        now = self._clock and self._clock()
        try:
            for name, text, values in migrations(self._dialect, future_seconds=self._future, now=now):
                if name == _EPOCH:
                    await execute(text, values)
        except Exception as error:
            _log.error("the database has lost its nonces, and no new epoch was begun: %s", type(error).__name__)
        else:
            _log.warning("the database has lost its nonces; it warms up")
