"""What the course's admin pages share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import CharField, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
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
from unfold.decorators import display

from lessons import catalog
from lessons.models.content import Lesson
from lessons.unseen import visible


class ReadOnlyAdmin(ModelAdmin):
    """Rows that services write and people only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ByLessonAdmin(ReadOnlyAdmin):
    """Rows that name their lesson by its slug; people are shown «5.1 Circuit breaker»."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        place = Concat(
            Cast("chapter__number", CharField()), Value("."), Cast("number", CharField()), Value(" "), "title"
        )
        title = Lesson.objects.filter(slug=OuterRef("lesson")).values_list(place)[:1]
        rows: QuerySet[Any] = super().get_queryset(request)
        named = Coalesce(Subquery(title), "lesson", output_field=CharField())
        titled: QuerySet[Any] = rows.annotate(lesson_title=named)
        return titled

    @display(description="урок", ordering="lesson_title")
    def titled(self, row: Any) -> str:
        return str(row.lesson_title)


class LessonFilter(admin.SimpleListFilter):
    """By lesson, those that have rows; one that left the course goes by its slug."""

    title = "урок"
    parameter_name = "lesson"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = set(model_admin.model.objects.order_by().values_list("lesson", flat=True).distinct())
        known = {slug: title for slug, title in catalog.titles().items() if slug in used}
        return [*known.items(), *((slug, slug) for slug in sorted(used - known.keys()))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(lesson=self.value()) if self.value() else queryset


def moment(at: datetime) -> str:
    """«22 нояб. 2026, 21:26», in one line."""
    return date_format(timezone.localtime(at), "j\u00a0b\u00a0Y, H:i")


def code(text: str) -> SafeString:
    """Python, highlighted and numbered, its unseen signs seen. Pygments escapes the text."""
    look = HtmlFormatter(cssclass="admin-code", linenos="inline")
    html: str = highlight(visible(text), PythonLexer(), look)
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
