"""`make bench` runs every bench; `make bench ARGS="stream pages"` only the named ones."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main(words: list[str]) -> int:
    folder = Path(__file__).parent
    names = sorted(
        p.stem for p in folder.glob("*.py") if not p.stem.startswith("_") and p.stem not in {"table", "load"}
    )
    chosen = [word for word in words if not word.startswith("-")] or names
    options = [word for word in words if word.startswith("-")]
    if unknown := sorted(set(chosen) - set(names)):
        print(f"Нет таких замеров: {', '.join(unknown)}. Есть: {', '.join(names)}")
        return 2
    for name in chosen:
        importlib.import_module(f"bench.{name}").main(options)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
