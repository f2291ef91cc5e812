"""What the course's admin pages share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from unfold.admin import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Rows that services write and people only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def moment(at: datetime) -> str:
    """«22 нояб. 2026, 21:26», in one line."""
    return date_format(timezone.localtime(at), "j\u00a0b\u00a0Y, H:i")


def code(text: str) -> SafeString:
    """Python, highlighted and numbered. Pygments escapes the text."""
    html: str = highlight(text, PythonLexer(), HtmlFormatter(cssclass="admin-code", linenos="inline"))
    return mark_safe(html)  # noqa: S308


def badge(text: str, tone: str) -> SafeString:
    """A word with a colour and a shape: `tone` is good, bad, ours, live or calm."""
    return format_html('<span class="admin-badge admin-{}">{}</span>', tone, text)


def done(request: HttpRequest, where: str, *args: Any) -> HttpResponse:
    """After an action: unfold's dialog posts by htmx, which needs to be told to leave the dialog."""
    address = reverse(where, args=args)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def nothing() -> str:
    return "—"
