"""The search page. Its results differ from query to query, so it is not kept for guests."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from lessons import search
from lessons.search.index import LONGEST


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """`?q=` what to look for; `?part=1`: only the list of results, for the page that is being typed into."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    found = [
        {"url": one.url, "lesson": one.lesson, "title": one.title, "quote": mark_safe(one.quote)}  # noqa: S308 — escaped there
        for one in search.find(query)
    ]
    template = "lessons/parts/found.html" if "part" in request.GET else "lessons/search.html"
    response = render(request, template, {"query": query, "found": found, "at_search": True})
    response["Cache-Control"] = "no-cache"
    return response
