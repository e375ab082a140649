"""Keys at rest: made, found, rotated. Secrets lie sealed in the database, and in one file for each client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterseal.request import Key, KeyVault

if TYPE_CHECKING:
    from service.place import Place


class Keys:
    """The keys of one deployment."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._vault = KeyVault(place.secret("seal.secret"))
        self._store = place.keys()

    def make(self, key_id: str, scope: str = "") -> None:
        """Saves a new key that begins now."""
        secret = self._place.new_secret(f"{key_id}.secret")
        self._vault.save(key_id, secret, scope=scope).run(self._store)

    def rotate(self, old: str, key_id: str, old_until: int) -> None:
        """Saves a successor of the key `old`, which is over at `old_until` (milliseconds)."""
        secret = self._place.new_secret(f"{key_id}.secret")
        self._vault.rotate(old, key_id, secret, old_until=old_until).run(self._store)

    def find(self, key_id: str) -> Key:
        """The key of this id; `request_key_missing` when there is none."""
        return self._vault.load(key_id).run(self._store)
