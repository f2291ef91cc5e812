"""What pages have in common: one rendering for every guest, validators, sentences for refusals."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response

from lessons.loader import Problem, freshness
from lessons.work.errors import OverQuota, QueueFull, WorkError


def look() -> tuple[Problem, ...]:
    """In development, load what was saved since the last look; the mistakes found. Before any query."""
    return freshness.problems() if settings.LOCAL else ()


def shared(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponseBase:
    """A page that is the same bytes for everybody: `coursesite.pagecache` keeps it, browsers revalidate it.

    In development the page carries the content's mistakes, and is then kept by nobody.
    """
    problems = look()
    context = {**context, "shared_page": True, "course_problems": problems}
    response = render(request, template, context, status=status)
    if problems or status != 200:
        response["Cache-Control"] = "no-store" if problems else "no-cache"
        return response
    etag = f'W/"{hashlib.blake2b(response.content, digest_size=12).hexdigest()}"'
    response["ETag"] = etag
    response["Cache-Control"] = "public, no-cache"
    response["X-Shared-Page"] = "1"
    return get_conditional_response(request, etag=etag, response=response) or response


def refusal(request: HttpRequest, error: WorkError) -> HttpResponse:
    """A page that says why not."""
    context = {
        "message": error.message,
        "status": error.status,
        "login": error.reported_code == "login_needed",
    }
    response = render(request, "lessons/refusal.html", context, status=error.status)
    if isinstance(error, OverQuota | QueueFull):
        response["Retry-After"] = str(error.retry_after)
    return response
