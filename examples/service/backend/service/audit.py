"""The audit table: one row for each decision, bounded where strangers could make it grow."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

# What is only decided once the signature was right.
PROVEN = (
    "jwt_user_ver",
    "limit_exceeded",
    "request_accepted",
    "request_expired",
    "request_limited",
    "request_outside_window",
    "request_replayed",
    "request_store_",
)
KEPT_UNPROVEN = 1_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    request TEXT NOT NULL,
    worker INTEGER NOT NULL,
    proven INTEGER NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS unproven ON audit (seq) WHERE NOT proven;
"""


class Audit:
    """The table, over a connection of this process."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def write(self, request: str, event: str) -> None:
        """Adds the event of the request with this id; of unproven ones only the last are kept."""
        proven = json.loads(event)["event"].startswith(PROVEN)
        row = (request, os.getpid(), proven, event)
        cursor = self._db.execute("INSERT INTO audit (request, worker, proven, event) VALUES (?, ?, ?, ?)", row)
        if not proven:
            last = (cursor.lastrowid or 0) - KEPT_UNPROVEN
            self._db.execute("DELETE FROM audit WHERE NOT proven AND seq <= ?", (last,))

    def read(self, after: int, limit: int = 200) -> list[dict[str, Any]]:
        """The last rows after the one numbered `after`, oldest first."""
        query = "SELECT seq, request, worker, event FROM audit WHERE seq > ? ORDER BY seq DESC LIMIT ?"
        rows = self._db.execute(query, (after, limit)).fetchall()
        return [
            {"seq": seq, "request": request, "worker": worker, **json.loads(event)}
            for seq, request, worker, event in reversed(rows)
        ]
