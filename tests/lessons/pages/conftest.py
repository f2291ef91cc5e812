"""A loaded course, clients of the cast, and static files without a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from classroom.models import User
from lessons.loader import load_course
from tests.classroom.cast import alisa, boris, eva
from tests.lessons.content.course import Course

__all__ = ["alisa", "boris", "course", "eva"]


@pytest.fixture
def course(tmp_path: Path, settings: Any, db: None) -> Course:
    settings.CONTENT_DIR = tmp_path / "content"
    settings.VAR = tmp_path / "var"
    settings.LOCAL = False
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    course = Course(settings.CONTENT_DIR)
    load_course()
    return course


@pytest.fixture
def alisas(alisa: User) -> Client:
    client = Client()
    client.force_login(alisa)
    return client


@pytest.fixture
def boriss(boris: User) -> Client:
    client = Client()
    client.force_login(boris)
    return client


@pytest.fixture
def evas(eva: User) -> Client:
    client = Client()
    client.force_login(eva)
    return client
