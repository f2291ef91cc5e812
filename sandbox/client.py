"""The site's client of Valkey (Django side): one pool of connections for the process."""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings

from sandbox import stream


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return stream.connect(url, connections=64)


def valkey() -> redis.Redis:
    """Thread-safe; raises redis.ConnectionError when used while Valkey does not answer."""
    return _client(settings.REDIS_URL)
