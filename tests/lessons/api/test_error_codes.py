"""The list of errors' codes in docs/contracts.md is the list that the code has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from lessons.api.errors import MESSAGES

ROOT = Path(__file__).resolve().parents[3]
CODE = re.compile(r"[a-z_]+")


def _words(node: ast.AST) -> Iterator[ast.expr]:
    """What this node gives as the code of an error, if it does."""
    if isinstance(node, ast.keyword) and node.arg == "code":
        yield node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "code":
                yield value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_refusal":
        yield node.args[0]
    elif isinstance(node, ast.ClassDef) and node.name != "Meta":
        for line in node.body:
            if isinstance(line, ast.Assign | ast.AnnAssign) and ast.unparse(line).startswith("code"):
                assert line.value is not None
                yield line.value


def said() -> set[str]:
    """Every code that the API's source names."""
    found = set(MESSAGES)
    for folder in ("lessons/work", "lessons/api"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                for word in _words(node):
                    if isinstance(word, ast.Constant) and CODE.fullmatch(str(word.value)):
                        found.add(str(word.value))
    return found


def promised() -> set[str]:
    paragraph = re.search(r"Errors' codes(.*?)\n", (ROOT / "docs/contracts.md").read_text())
    assert paragraph
    return {code for some in re.findall(r"`([a-z_ ]+)`", paragraph[1]) for code in some.split()}


def test_every_code_of_the_source_is_in_the_contract_and_no_other() -> None:
    assert promised() == said()
