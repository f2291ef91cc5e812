"""A course in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lessons.content.course import Course


@pytest.fixture
def course(tmp_path: Path, settings: Any) -> Course:
    settings.CONTENT_DIR = tmp_path / "content"
    settings.VAR = tmp_path / "var"
    settings.LOCAL = False
    return Course(settings.CONTENT_DIR)
