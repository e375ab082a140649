"""Sessions of people: a login mints an access token, with keys that are rotated while the service runs."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from counterseal.fastapi import AccessToken, follow_ring
from counterseal.jwt import Standing, TokenMinter, TokenPolicy, TokenRing, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.place import Place
    from service.store import Store

# The one person of this demonstration.
NAME = "ada"
LIFE_SECONDS = 300
# A rotation that can be watched: copies of keys are good for a second, and hosts read them each second. So short a lead
# is for a demonstration: a verifier that a stranger asks for a key in the second before it is published takes it for
# unknown for minutes. A service leaves these out.
QUICK = {"max_age_seconds": 1, "hosts_seconds": 4, "lead_seconds": 6, "tolerance_seconds": 60}


class Sessions:
    """The sessions of one deployment."""

    def __init__(self, place: Place, store: Store, issuer: str, on_event: Callable[[str], None]) -> None:
        self._place = place
        self._store = store
        self.ring = TokenRing(issuer, place.secret("seal.secret"), life_seconds=LIFE_SECONDS, **QUICK)
        policy = TokenPolicy("access", issuer=issuer, audience="dashboard", life_seconds=LIFE_SECONDS)
        self._minter = TokenMinter(self.ring, policy)
        self._standing = Standing("people")
        self.token = AccessToken(
            TokenVerifier(policy, self.ring), standing=self._standing, drive=store.run, on_event=on_event
        )

    async def prepare(self) -> None:
        """Stores the person and the first key, once for each deployment."""
        self._place.new_secret(f"{NAME}.secret")
        await self._store.run(self._standing.register(NAME))
        await self.rotate()

    async def read(self) -> None:
        """Reads the keys, when the service starts."""
        await self._store.run(self.ring.load())

    async def follow(self) -> None:
        """Reads the keys each second, for as long as the service runs."""
        await follow_ring(self.ring, drive=self._store.run, every_seconds=1.0)

    async def rotate(self) -> None:
        """Announces a new key: every host publishes it before it signs."""
        await self._store.run(self.ring.rotate())

    async def log_in(self, name: str, password: str) -> str | None:
        """A token of the person's current version, if this is the password."""
        right = self._place.secret(f"{NAME}.secret").hex()
        if name != NAME or not hmac.compare_digest(password.encode(errors="replace"), right.encode()):
            return None
        version = await self._store.run(self._standing.version_of(name))
        return self._minter.mint(name, life_seconds=LIFE_SECONDS, user_ver=version).token

    async def end_all(self, name: str) -> None:
        """Ends all sessions of a person, on every host and at once."""
        await self._store.run(self._standing.bump(name))
