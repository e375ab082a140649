"""Where the service keeps its things: one directory that only its user can enter."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from counterseal.limit import SharedCells
from counterseal.replay import SharedRing
from counterseal.stores import Sqlite


class Place:
    """The files of one deployment."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def of_environment(cls) -> Place:
        """The directory that `SERVICE_DIR` names."""
        return cls(Path(os.environ["SERVICE_DIR"]))

    def ring(self) -> SharedRing:
        """Used nonces, in a file that all workers map."""
        return SharedRing(self.root / "ring")

    def cells(self) -> SharedCells:
        """Counts of limits, in another file that all workers map."""
        return SharedCells(self.root / "cells")

    def keys(self) -> Sqlite:
        """Keys, sealed."""
        return Sqlite(self.root / "keys.db")

    @property
    def audit(self) -> Path:
        """What was decided."""
        return self.root / "audit.db"

    def secret(self, name: str) -> bytes:
        """The secret in the file `name`, which only this user can read."""
        return (self.root / name).read_bytes()

    def new_secret(self, name: str) -> bytes:
        """Makes 32 random bytes and writes them to the new file `name`."""
        secret = secrets.token_bytes(32)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with open(self.root / name, "wb", opener=lambda path, _: os.open(path, flags, 0o600)) as file:
            file.write(secret)
        return secret
