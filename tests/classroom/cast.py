"""Алиса learns, Борис teaches, Ева is a stranger: made by the very code that makes them for developers."""

from __future__ import annotations

from typing import Any

import pytest

from classroom import demo
from classroom.models import User


def enter(person: demo.Person, settings: Any) -> User:
    """Make the user. Argon2 is slow on purpose, and hundreds of tests make a user each."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return demo.ensure(person)


@pytest.fixture
def alisa(db: None, settings: Any) -> User:
    return enter(demo.CAST[0], settings)


@pytest.fixture
def boris(db: None, settings: Any) -> User:
    return enter(demo.CAST[1], settings)


@pytest.fixture
def eva(db: None, settings: Any) -> User:
    return enter(demo.CAST[2], settings)
