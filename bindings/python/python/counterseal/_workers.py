"""How many worker processes serve, as far as this process can tell.

A replay store of one process is refused where several serve. The server's own configuration counts
first (it is on the stack, or in the arguments of the worker process), then the command line, then
the environment.
"""

from __future__ import annotations

import multiprocessing
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

from counterseal.errors import ReplayError

_SERVERS = ("uvicorn", "gunicorn", "hypercorn", "granian", "fastapi")


def refuse_private() -> None:
    """Raises `binding_ring_private` when more than one worker is configured."""
    workers = configured()
    if workers > 1:
        raise ReplayError("binding_ring_private", detail=[("workers", str(workers))])


def configured() -> int:
    """The number of workers configured; 1 when nothing says otherwise."""
    for find in (_from_process, _from_stack, _from_command_line, _from_environment):
        workers = find()
        if workers is not None:
            return workers
    return 1


def _from_process() -> int | None:
    """uvicorn starts workers as processes whose arguments hold its configuration."""
    arguments = getattr(multiprocessing.current_process(), "_kwargs", None)
    return _workers_of(arguments.get("config")) if isinstance(arguments, dict) else None


def _from_stack() -> int | None:
    """While an application is loaded, its server is on the stack of this thread; while it runs, on another's."""
    for frame in _frames():
        for name in ("config", "self"):
            workers = _workers_of(frame.f_locals.get(name))
            if workers is not None:
                return workers
    return None


def _frames() -> Iterator[FrameType]:
    own: FrameType | None = sys._getframe(1)
    for innermost in (own, *sys._current_frames().values()):
        frame = innermost
        while frame is not None:
            if frame.f_globals.get("__name__", "").partition(".")[0] in _SERVERS:
                yield frame
            frame = frame.f_back


def _workers_of(config: object) -> int | None:
    """The workers of uvicorn's `Config`, or of gunicorn's worker or arbiter."""
    if type(config).__module__.partition(".")[0] not in _SERVERS:
        return None
    workers = getattr(getattr(config, "cfg", config), "workers", None)
    return workers if isinstance(workers, int) else None


def _from_command_line() -> int | None:
    program = os.path.basename(os.path.dirname(sys.argv[0])), os.path.basename(sys.argv[0])
    if not any(part in _SERVERS for part in program):
        return None
    workers = _option(sys.argv[1:])
    if workers is None and "gunicorn" in program:
        workers = _option(shlex.split(os.environ.get("GUNICORN_CMD_ARGS", "")))
    return workers


def _option(arguments: Sequence[str]) -> int | None:
    """The value of `--workers N`, `--workers=N`, `-w N` or `-wN`; the last one counts."""
    found = None
    following = iter(arguments)
    for argument in following:
        if argument in ("--workers", "-w"):
            found = next(following, None)
        elif argument.startswith("--workers="):
            found = argument.removeprefix("--workers=")
        elif argument.startswith("-w"):
            found = argument[2:].lstrip("=")
    return _number(found)


def _from_environment() -> int | None:
    return _number(os.environ.get("WEB_CONCURRENCY"))


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
