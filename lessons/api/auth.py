"""How a caller is known: a Bearer token, or the site's own session with CSRF."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class SiteSession(SessionAuthentication):
    """The site's session. Unlike DRF's, it asks guests for the CSRF token too: a guest owns drafts
    and runs, and another site must not spend their quota or write into their editor."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        if found is None and not request.headers.get("Authorization"):
            self.enforce_csrf(request)
        return found


class SiteSessionScheme(OpenApiAuthenticationExtension):
    """Says it in the schema."""

    target_class = "lessons.api.auth.SiteSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Сеанс сайта; пишущим запросам нужен заголовок X-CSRFToken.",
        }
