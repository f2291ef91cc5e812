"""Lessons' own benches: every `content/*/*/bench.py`, or the one of `--only=<slug>`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

CONTENT = Path(__file__).resolve().parent.parent / "content"


def main(options: list[str]) -> None:
    """Options that start with `--only=` choose lessons; the rest go to each bench."""
    only = [word.removeprefix("--only=") for word in options if word.startswith("--only=")]
    rest = [word for word in options if not word.startswith("--only=")]
    found = {path.parent.name.split("-", 1)[1]: path for path in sorted(CONTENT.glob("*/*/bench.py"))}
    if unknown := sorted(set(only) - set(found)):
        raise SystemExit(
            f"Нет замеров у уроков: {', '.join(unknown)}. Есть: {', '.join(found) or 'ни одного'}"
        )
    for slug, path in found.items():
        if not only or slug in only:
            _module(slug, path).main(rest)


def _module(slug: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_of_{slug.replace('-', '_')}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
