"""Makes a new deployment: `python -m service.provision DIRECTORY`.

The ring comes before the keys. A key that is younger than the ring cannot have signed anything that the
ring does not remember, so a new deployment serves at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from service.audit import Audit
from service.keys import Keys
from service.place import Place


def provision(root: Path) -> None:
    """Makes the directory `root` with everything in it."""
    root.mkdir(mode=0o700)
    place = Place(root)
    place.ring()
    place.new_secret("seal.secret")
    keys = Keys(place)
    keys.make("web-1", scope="operator")
    keys.make("worker-1")
    keys.make("reporter-1", scope="reporter")
    Audit(place.audit)


if __name__ == "__main__":
    provision(Path(sys.argv[1]))
