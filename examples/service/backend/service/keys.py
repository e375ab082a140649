"""Keys at rest: made, found, rotated. Secrets lie sealed in the store, and in one file for each client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterseal.request import Key, KeyVault

if TYPE_CHECKING:
    from service.place import Place
    from service.store import Store


class Keys:
    """The keys of one deployment."""

    def __init__(self, place: Place, store: Store) -> None:
        self._place = place
        self._vault = KeyVault(place.secret("seal.secret"))
        self._store = store

    async def make(self, key_id: str, scope: str = "") -> None:
        """Saves a new key that begins now."""
        secret = self._place.new_secret(f"{key_id}.secret")
        await self._store.run(self._vault.save(key_id, secret, scope=scope))

    async def rotate(self, old: str, key_id: str, old_until: int) -> None:
        """Saves a successor of the key `old`, which is over at `old_until` (milliseconds)."""
        secret = self._place.new_secret(f"{key_id}.secret")
        await self._store.run(self._vault.rotate(old, key_id, secret, old_until=old_until))

    async def find(self, key_id: str) -> Key:
        """The key of this id; `request_key_missing` when there is none."""
        return await self._store.run(self._vault.load(key_id))
