"""What the documentation shows is run."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterseal import _counterseal as native
from counterseal import errors
from counterseal.errors import CountersealError
from counterseal.request import Policy
from histories import ROOT
from servers import HERE

README = HERE.parent / "README.md"
MODULES = [
    "asgi",
    "errors",
    "fastapi",
    "httpx",
    "limit",
    "refresh",
    "replay",
    "request",
    "sessions",
    "stores",
    "stores.asyncpg",
    "testing",
    "types",
    "webhook",
]


def test_the_readme_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    text = README.read_text()
    tests = doctest.DocTestParser().get_doctest(text, names, "README.md", str(README), 0)
    assert len(tests.examples) > 15
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(tests, clear_globs=False).failed == 0
    names.update(tests.globs)
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, names)
    assert isinstance(names["client"].auth, httpx.Auth)
    assert "/v1/jobs" in names["app"].openapi()["paths"]


def test_the_page_about_sessions_is_true() -> None:
    names: dict[str, Any] = {}
    page = (ROOT / "docs/sessions.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        exec(block, names)
    assert names["again"].how == "retried_late"
    # What the page shows of an explanation is part of that which its code gives.
    (shown,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert set(shown.splitlines()) - {".."} <= set(names["told"].splitlines())


def test_the_example_of_the_errors_is_true() -> None:
    names = {"Policy": Policy, "CountersealError": CountersealError}
    assert doctest.testmod(errors, extraglobs=names).attempted == 1
    assert doctest.testmod(errors, extraglobs=names).failed == 0


def stubbed(body: list[ast.stmt], place: object) -> Iterator[tuple[str, str, str]]:
    """The name, the text of the stub, and that of `help()`, of all that the stub documents."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name != "__new__":
            text = ast.get_docstring(node)
            thing = getattr(place, node.name)
            if text is not None:
                yield node.name, text, inspect.getdoc(thing) or ""
            if isinstance(node, ast.ClassDef):
                yield from stubbed(node.body, thing)


def test_the_stub_and_help_say_the_same() -> None:
    stub = Path(native.__file__).with_name("_counterseal.pyi")
    texts = list(stubbed(ast.parse(stub.read_text()).body, native))
    assert len(texts) > 40
    for name, stubs, helps in texts:
        assert stubs.split() == helps.split(), name


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    module = importlib.import_module(f"counterseal.{name}")
    assert module.__doc__
    for public in module.__all__:
        thing = getattr(module, public)
        if isinstance(thing, type):
            assert thing.__doc__, public
