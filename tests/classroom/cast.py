"""Алиса learns, Борис teaches, Ева is a stranger: made by the very code that makes them for developers."""

from __future__ import annotations

import pytest

from classroom import demo
from classroom.models import User


@pytest.fixture
def alisa(db: None) -> User:
    return demo.ensure(demo.CAST[0])


@pytest.fixture
def boris(db: None) -> User:
    return demo.ensure(demo.CAST[1])


@pytest.fixture
def eva(db: None) -> User:
    return demo.ensure(demo.CAST[2])
