"""Shared parts of all tests, lessons' own too: real ones. Алиса learns, Борис teaches, Ева is a stranger."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launch.processes import Stack, free_port
from tests.environment import VAR


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """URL of a real Valkey, one for the session. Ask for `clean_valkey` if leftovers matter."""
    with Stack(VAR, port=0) as stack:
        stack.start_valkey()
        yield f"unix://{VAR}/valkey.sock"


@pytest.fixture
def clean_valkey(valkey: str) -> str:
    """The same Valkey, emptied."""
    import redis

    with redis.Redis.from_url(valkey) as client:
        client.flushall()
    return valkey


@pytest.fixture(autouse=True)
def _valkey_for_database_tests(request: pytest.FixtureRequest) -> None:
    """Django's cache lives in Valkey, so whatever touches the database may touch it too."""
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        request.getfixturevalue("clean_valkey")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole site as `make run` starts it: Valkey, a Celery worker, uvicorn, the course, demo users."""
    from launch import setup

    var = Path(os.path.realpath(tmp_path_factory.mktemp("site")))
    with Stack(var, port=free_port(), concurrency=20) as running:
        setup.jail_root(running.env)
        running.start_valkey()
        setup.site_data(running.env)
        running.start_worker()
        running.start_web()
        yield running


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> str:
    """Where pytest-playwright's pages go with a relative address."""
    running: Stack = request.getfixturevalue("stack")
    return running.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium, quiet: it must not look for its maker's servers."""
    from launch import setup

    return {
        **browser_type_launch_args,
        "executable_path": os.environ.get("POLIGON_CHROMIUM") or str(setup.browser()),
        "args": list(setup.BROWSER_OPTIONS),
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "ru-RU", "viewport": {"width": 1280, "height": 900}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests go last: Playwright keeps an event loop running, beside which no async test can start."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))
