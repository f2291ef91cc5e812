"""Chapters and lessons, to look at: they are written in files and loaded by `loadcourse`."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.html import format_html
from unfold.decorators import display

from lessons.admin.base import ReadOnlyAdmin
from lessons.models.content import Chapter, Lesson, Status


@admin.register(Chapter)
class ChapterAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "aim")
    list_display_links = ("title",)
    fields = ("number", "title", "aim", "slug")


@admin.register(Lesson)
class LessonAdmin(ReadOnlyAdmin):
    list_display = ("place", "title", "ready", "minutes", "loaded", "page")
    list_display_links = ("title",)
    list_filter = ("status", "chapter")
    search_fields = ("title", "slug", "aim")
    list_select_related = ("chapter",)
    fields = ("page", "place", "title", "aim", "status", "minutes", "cases", "loaded", "digest")
    readonly_fields: ClassVar[tuple[str, ...]] = ("page", "place", "cases")

    @display(description="номер", ordering="chapter__number")
    def place(self, row: Lesson) -> str:
        return f"{row.chapter.number}.{row.number}"

    @display(description="готов", boolean=True)
    def ready(self, row: Lesson) -> bool:
        return row.status == Status.READY

    @display(description="страница")
    def page(self, row: Lesson) -> str:
        return format_html('<a class="admin-link" href="{}">Открыть</a>', row.get_absolute_url())

    @display(description="проверки задания")
    def cases(self, row: Lesson) -> str:
        exercise = row.page.get("exercise") or {}
        return "; ".join(exercise.get("cases", [])) or "задания нет"
