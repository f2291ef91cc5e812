"""The cast, their course, and who they are to the services."""

from __future__ import annotations

import pytest

from classroom.models import User
from lessons.work.owners import Owner
from tests.classroom.cast import alisa, boris, eva
from tests.lessons.work.course import lesson

__all__ = ["alisa", "boris", "eva", "guest", "learner", "lesson", "stranger", "teacher"]


@pytest.fixture
def learner(alisa: User) -> Owner:
    return Owner(user=alisa, address="home")


@pytest.fixture
def teacher(boris: User) -> Owner:
    return Owner(user=boris, address="school")


@pytest.fixture
def stranger(eva: User) -> Owner:
    return Owner(user=eva, address="elsewhere")


@pytest.fixture
def guest(db: None) -> Owner:
    return Owner(guest="guest-key", address="cafe")
