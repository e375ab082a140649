"""A private Postgres server: in a directory of its own, on a Unix socket only, gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


@contextmanager
def server() -> Iterator[Path]:
    """The directory of the socket of a server that trusts its user."""
    with _place() as (place, user):
        options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--username=test"]
        subprocess.run(["initdb", *options, "-D", place / "data"], check=True, user=user, stdout=subprocess.DEVNULL)
        with _running(place, user):
            yield place


@contextmanager
def standby(primary: Path) -> Iterator[Path]:
    """The same of a server that follows the one that listens in `primary`, and answers reads."""
    with _place() as (place, user):
        options = ["--host", str(primary), "--username=test", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        subprocess.run(["pg_basebackup", *options, "-D", place / "data"], check=True, user=user)
        with _running(place, user):
            yield place


def kill(place: Path) -> None:
    """Ends the server at once, as a power cut would."""
    os.kill(int((place / "data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)


@contextmanager
def _place() -> Iterator[tuple[Path, str | None]]:
    """A new directory, and who runs the server in it."""
    # The name of a Unix socket is short, and pytest's directories are not.
    place = Path(tempfile.mkdtemp(prefix="cs-pg-", dir="/tmp"))
    # Postgres refuses to run as root.
    user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(place, user)
    try:
        yield place, user
    finally:
        shutil.rmtree(place)


@contextmanager
def _running(place: Path, user: str | None) -> Iterator[None]:
    settings = ["listen_addresses=", f"unix_socket_directories={place}", "fsync=off", "max_connections=50"]
    arguments = [part for setting in settings for part in ("-c", setting)]
    with (
        (place / "log").open("wb") as log,
        subprocess.Popen(["postgres", "-D", place / "data", *arguments], user=user, stderr=log) as running,
    ):
        _ready(place)
        yield
        # The rude way: it does not wait for its clients.
        running.send_signal(signal.SIGINT)


def _ready(place: Path) -> None:
    deadline = time.monotonic() + 30
    while subprocess.run(["pg_isready", "-q", "-h", place], check=False).returncode:
        assert time.monotonic() < deadline, (place / "log").read_text()
        time.sleep(0.05)
