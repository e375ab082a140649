"""A private Postgres server: in a directory of its own, on a Unix socket only, gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server() -> Iterator[Path]:
    """The directory of the socket of a server that trusts its user."""
    # The name of a Unix socket is short, and pytest's directories are not.
    place = Path(tempfile.mkdtemp(prefix="cs-pg-", dir="/tmp"))
    # Postgres refuses to run as root.
    user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(place, user)
    try:
        options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--username=test"]
        subprocess.run(["initdb", *options, "-D", place / "data"], check=True, user=user, stdout=subprocess.DEVNULL)
        settings = ["listen_addresses=", f"unix_socket_directories={place}", "fsync=off", "max_connections=50"]
        arguments = [part for setting in settings for part in ("-c", setting)]
        with (
            (place / "log").open("wb") as log,
            subprocess.Popen(["postgres", "-D", place / "data", *arguments], user=user, stderr=log) as running,
        ):
            _ready(place)
            yield place
            running.terminate()
    finally:
        shutil.rmtree(place)


def _ready(place: Path) -> None:
    deadline = time.monotonic() + 30
    while subprocess.run(["pg_isready", "-q", "-h", place], check=False).returncode:
        assert time.monotonic() < deadline, (place / "log").read_text()
        time.sleep(0.05)
