"""The cast at the door of the API."""

from __future__ import annotations

import pytest
from django.test import Client

from classroom.models import User
from tests.classroom.cast import alisa, boris, eva
from tests.classroom.statics import plain_statics
from tests.lessons.work.course import lesson

__all__ = [
    "alisa",
    "alisas",
    "anybody",
    "boris",
    "boriss",
    "eva",
    "evas",
    "lesson",
    "plain_statics",
]


@pytest.fixture
def anybody(db: None) -> Client:
    """A browser of a guest. CSRF is not checked, as in Django's own test client."""
    return Client()


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
