"""The project's vectors, and files that are none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

import run_vectors
from servers import HERE

VECTORS = HERE.parents[2] / "vectors" / "request"
FILES = sorted(
    path
    for room in ("jwt", "limit", "refresh", "request", "webhook")
    for path in (VECTORS.parent / room).glob("*.json")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_b12_every_vector_comes_out_as_it_says(path: Path) -> None:
    cases = {case["id"]: case for case in json.loads(path.read_text())["cases"]}
    seen = [json.loads(line) for line in run_vectors.lines(path)]
    assert [observed["id"] for observed in seen] == list(cases)
    for observed in seen:
        case = cases[observed["id"]]
        came = {name: observed[name] for name in ("verdict", "code", "public", "output")}
        assert came == case["expect"], observed["id"]
        assert observed["asked"] == len(case["replies"]), observed["id"]


def test_every_file_fits_the_schema() -> None:
    schema = json.loads((VECTORS.parent / "schema" / "vectors-1.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for path in sorted(VECTORS.parent.glob("*/*.json")):
        if path.parent.name != "schema":
            wrong = [error.json_path for error in validator.iter_errors(json.loads(path.read_text()))]
            assert not wrong, f"{path.parent.name}/{path.name}: {wrong[:3]}"


def test_b12_there_are_hundreds_of_vectors() -> None:
    assert sum(len(json.loads(path.read_text())["cases"]) for path in FILES) >= 1_200


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """The runner as a program."""
    return subprocess.run(
        [sys.executable, HERE / "run_vectors.py", *words], capture_output=True, check=False, text=True
    )


def usual(**change: Any) -> dict[str, Any]:
    """A file with one good case, changed."""
    case = {
        "id": "a",
        "flags": [],
        "policy": None,
        "now": 0,
        "seed": "",
        "keys": [],
        "input": {},
        "replies": [],
        "expect": {},
        **change.pop("case", {}),
    }
    return {"schema": "counterseal/vectors/1", "room": "request", "op": "keys", "notes": {}, "cases": [case], **change}


BROKEN: list[Any] = [
    "",
    "{",
    "[]",
    "null",
    "1",
    '"text"',
    "[" * 100_000,
    "1" * 5_000,
    b"\xff\xfe\x00",
    {},
    usual(schema="counterseal/vectors/2"),
    usual(room="nobody"),
    usual(op="unknown"),
    usual(op=["verify"]),
    usual(op={}),
    usual(cases=None),
    usual(cases=[None]),
    usual(cases=["case"]),
    usual(cases={"a": 1}),
    usual(cases=[{"id": "a"}]),
    usual(case={"surprise": 1}),
    usual(case={"keys": None}),
    usual(case={"keys": [1]}),
    usual(case={"keys": [{}]}),
    usual(case={"keys": [{"id": "a", "secret": "xyz"}]}),
    usual(case={"keys": [{"id": "a", "secret": "00", "surprise": 1}]}),
    usual(op="key"),
    usual(op="policy"),
    usual(op="policy", case={"input": None}),
    usual(op="verify", case={"policy": {"authorities": ["a"]}, "input": {"method": "GET"}}),
    usual(op="verify", case={"policy": {"authorities": ["a"]}, "input": [["method", "GET"]]}),
    usual(op="verify", case={"input": {}}),
    usual(op="sign", case={"input": {}}),
]


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: str(content)[:40])
def test_what_is_no_file_of_vectors_ends_with_one_line_and_2(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    done = run(path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"{path}: ")


def test_a_file_that_is_not_there_and_no_file_at_all_end_with_2(tmp_path: Path) -> None:
    for done in (run(tmp_path / "missing"), run()):
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_directory_is_run_file_by_file() -> None:
    done = run(VECTORS)
    assert (done.returncode, done.stderr) == (0, "")
    assert {json.loads(line)["file"] for line in done.stdout.splitlines()} == {
        str(path) for path in VECTORS.glob("*.json")
    }
