"""How often one caller may call. Quotas of runs are another matter: see `lessons.work.quota`."""

from __future__ import annotations

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from lessons.work import owners

log = logging.getLogger(__name__)


class CallerThrottle(SimpleRateThrottle):
    """Counts a user, a guest, or (for the nameless) an address, apart for reading and writing.

    A view with `throttle_scope` counts in its own scope, and by address alone: who guesses passwords must
    not get a fresh count with each new guest's cookie. When the counter's store is away the call passes:
    the site must not fall with its brake.
    """

    scope = "read"

    def __init__(self) -> None:  # the rate is known only with the request
        pass

    def allow_request(self, request: Request, view: APIView) -> bool:
        reads = request.method in ("GET", "HEAD", "OPTIONS")
        self.scope = getattr(view, "throttle_scope", None) or ("read" if reads else "write")
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        try:
            return bool(super().allow_request(request, view))
        except (RedisError, OSError) as error:
            log.warning("throttle store is away: %s", error)
            return True

    def get_cache_key(self, request: Request, view: Any) -> str:
        owner = owners.of_request(request)
        if self.scope not in ("read", "write"):
            ident = f"address:{owner.address}"
        elif owner.user is not None:
            ident = f"user:{owner.user.pk}"
        elif owner.guest:
            ident = f"guest:{owner.guest}"
        else:
            ident = f"address:{owner.address}"  # not DRF's `get_ident`, which believes X-Forwarded-For
        return self.cache_format % {"scope": self.scope, "ident": ident}
