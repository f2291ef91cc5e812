"""`python -m bench lessons` finds the benches of lessons by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import lessons

BENCH = "from pathlib import Path\n\ndef main(options):\n    print(Path(__file__).parent.name, *options)\n"


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("01-one/01-first", "01-one/02-second", "02-two/01-third"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("01-one/02-second", "02-two/01-third"):
        (tmp_path / name / "bench.py").write_text(BENCH)
    monkeypatch.setattr(lessons, "CONTENT", tmp_path)
    return tmp_path


def test_all_run_and_get_the_options(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lessons.main(["--quick"])
    assert capsys.readouterr().out.splitlines() == ["02-second --quick", "01-third --quick"]


def test_one_is_chosen_by_its_slug(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lessons.main(["--only=third"])
    assert capsys.readouterr().out.splitlines() == ["01-third"]


def test_a_slug_without_a_bench_is_refused_with_those_there_are(content: Path) -> None:
    with pytest.raises(SystemExit, match=r"first\. Есть: second, third"):
        lessons.main(["--only=first"])
