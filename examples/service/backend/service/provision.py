"""Makes a new deployment, with `SERVICE_AUTHORITY` set: `python -m service.provision DIRECTORY`.

The store of nonces comes before the keys. A key that is younger than the store cannot have signed anything that
it does not remember, so a new deployment serves at once.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from service.audit import Audit
from service.keys import Keys
from service.place import Place
from service.sessions import Sessions
from service.store import store


def provision(root: Path) -> None:
    """Makes the directory `root` with everything in it."""
    root.mkdir(mode=0o700)
    place = Place(root)
    place.new_secret("seal.secret")
    place.new_secret("refresh.secret")
    Audit(place.audit)
    asyncio.run(keep(place))


async def keep(place: Place) -> None:
    """Makes the store, and then the keys."""
    kept = store(place)
    async with kept.opened():
        await kept.prepare()
        keys = Keys(place, kept)
        await keys.make("web-1", scope="operator")
        await keys.make("worker-1")
        await keys.make("reporter-1", scope="reporter")
        await Sessions(place, kept, f"http://{os.environ['SERVICE_AUTHORITY']}", print).prepare()


if __name__ == "__main__":
    provision(Path(sys.argv[1]))
