"""A store of one process is refused where several serve, whichever way that was configured."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from counterseal import _workers
from servers import Process, exchange, running

UVICORN = ["-m", "uvicorn", "served:app", "--port", "{port}"]
GUNICORN = ["-m", "gunicorn", "-k", "uvicorn.workers.UvicornWorker", "-b", "127.0.0.1:{port}", "served:app"]


def program(**options: object) -> list[str]:
    """A program that runs uvicorn itself."""
    words = "".join(f", {name}={value!r}" for name, value in options.items())
    return ["-c", f"import uvicorn\nif __name__ == '__main__': uvicorn.run('served:app', port={{port}}{words})"]


MANY: dict[str, tuple[list[str], dict[str, str]]] = {
    "uvicorn --workers 2": ([*UVICORN, "--workers", "2"], {}),
    "uvicorn, WEB_CONCURRENCY": (UVICORN, {"WEB_CONCURRENCY": "2"}),
    "uvicorn, UVICORN_WORKERS": (UVICORN, {"UVICORN_WORKERS": "2"}),
    "gunicorn -w 2": ([*GUNICORN, "-w", "2"], {}),
    "gunicorn --workers=2 --preload": ([*GUNICORN, "--workers=2", "--preload"], {}),
    "gunicorn, WEB_CONCURRENCY": (GUNICORN, {"WEB_CONCURRENCY": "2"}),
    "gunicorn, GUNICORN_CMD_ARGS": (GUNICORN, {"GUNICORN_CMD_ARGS": "--workers 2"}),
}
ONE: dict[str, tuple[list[str], dict[str, str]]] = {
    "uvicorn": (UVICORN, {}),
    "uvicorn --workers 1": ([*UVICORN, "--workers", "1"], {}),
    "uvicorn --workers 1, WEB_CONCURRENCY=2": ([*UVICORN, "--workers", "1"], {"WEB_CONCURRENCY": "2"}),
    "uvicorn.run": (program(), {}),
    "gunicorn": (GUNICORN, {}),
    "gunicorn -w 1": ([*GUNICORN, "-w", "1"], {}),
    "gunicorn -w 1, WEB_CONCURRENCY=2": ([*GUNICORN, "-w", "1"], {"WEB_CONCURRENCY": "2"}),
}


def settled(process: Process) -> bool:
    """Whether the server serves, or has said that it will not."""
    text = process.text()
    return "binding_ring_private" in text or "Application startup complete" in text


def is_refused(tmp_path: Path, command: list[str], env: dict[str, str]) -> bool:
    """Whether the store was refused, and the server did not come up with it."""
    with running(tmp_path, *command, env=env, until=settled) as process:
        refused = "binding_ring_private" in process.text()
        assert refused != ("Application startup complete" in process.text()), process.text()
        return refused


@pytest.mark.parametrize("name", MANY)
def test_a_private_ring_is_refused_where_several_workers_are_configured(name: str, tmp_path: Path) -> None:
    command, env = MANY[name]
    assert is_refused(tmp_path, command, env)


@pytest.mark.parametrize("name", ONE)
def test_a_private_ring_is_accepted_where_one_worker_is_configured(name: str, tmp_path: Path) -> None:
    command, env = ONE[name]
    assert not is_refused(tmp_path, command, env)


def test_a_program_that_runs_uvicorn_with_workers_is_refused_too(tmp_path: Path) -> None:
    # Workers are started anew from a file, so the program has to be in one.
    script = tmp_path / "program.py"
    script.write_text(
        textwrap.dedent("""
            import sys, uvicorn
            if __name__ == "__main__":
                uvicorn.run("served:app", port=int(sys.argv[1]), workers=2, app_dir=sys.argv[2])
        """)
    )
    assert is_refused(tmp_path, [str(script), "{port}", str(Path(__file__).resolve().parent)], {})


def test_a_configuration_file_of_gunicorn_counts(tmp_path: Path) -> None:
    config = tmp_path / "gunicorn.conf.py"
    config.write_text("workers = 2\n")
    assert is_refused(tmp_path, [*GUNICORN, "-c", str(config)], {})


@pytest.mark.parametrize("command", [[*UVICORN, "--workers", "2"], [*GUNICORN, "-w", "2"]], ids=["uvicorn", "gunicorn"])
def test_the_lifespan_is_no_way_around_it(command: list[str], tmp_path: Path) -> None:
    assert is_refused(tmp_path, command, {"PLACE": "lifespan"})


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ([*UVICORN, "--workers", "2"], b"binding_ring_private"),
        ([*GUNICORN, "-w", "2"], b"binding_ring_private"),
        ([*UVICORN, "--workers", "1"], b"accepted"),
        ([*GUNICORN, "-w", "1"], b"accepted"),
    ],
)
def test_a_request_is_no_way_around_it(command: list[str], told: bytes, tmp_path: Path) -> None:
    with running(tmp_path, *command, env={"PLACE": "request"}, until=settled) as process:
        answer = exchange(process.port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert told in answer


OPTIONS: list[tuple[list[str], int | None]] = [
    ([], None),
    (["app:app"], None),
    (["--workers", "4"], 4),
    (["--workers=4"], 4),
    (["-w", "4"], 4),
    (["-w4"], 4),
    (["-w=4"], 4),
    (["--workers", "4", "app:app", "--workers", "1"], 1),
    (["--workers"], None),
    (["--workers", "many"], None),
    (["-w\N{SUPERSCRIPT TWO}"], None),
]


@pytest.mark.parametrize("program", ["uvicorn", "gunicorn", "hypercorn", "granian", "fastapi", "uvicorn/__main__.py"])
@pytest.mark.parametrize(("arguments", "workers"), OPTIONS, ids=lambda value: str(value))
def test_a_servers_command_line_counts(
    program: str, arguments: list[str], workers: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GUNICORN_CMD_ARGS", raising=False)
    monkeypatch.setattr(sys, "argv", [f"/usr/bin/{program}", *arguments])
    for environment in (None, "3"):
        if environment is not None:
            monkeypatch.setenv("WEB_CONCURRENCY", environment)
        assert _workers.configured() == (workers or int(environment or 1))


def test_the_command_line_of_another_program_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest", "-w", "4"])
    assert _workers.configured() == 1


def test_a_memory_is_refused_like_a_ring(tmp_path: Path) -> None:
    assert is_refused(tmp_path, [*UVICORN, "--workers", "2"], {"STORE": "memory"})


def test_a_ring_for_each_worker_may_be_asked_for_on_purpose(tmp_path: Path) -> None:
    assert not is_refused(tmp_path, [*UVICORN, "--workers", "2"], {"STORE": "own"})


@pytest.mark.parametrize("store", ["shared", "sqlite"])
def test_a_shared_store_is_what_several_workers_want(store: str, tmp_path: Path) -> None:
    env = {"STORE": store, "FILE": str(tmp_path / "file")}
    assert not is_refused(tmp_path, [*UVICORN, "--workers", "2"], env)
