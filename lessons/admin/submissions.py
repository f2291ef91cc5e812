"""Solutions: the code, the verdict case by case, its history, and judging again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from lessons.admin.base import ByLessonAdmin, LessonFilter, badge, code, done, moment, nothing
from lessons.models.work import Grading, Submission, Verdict
from lessons.work import runs, submissions
from lessons.work.errors import WorkError


def verdict_badge(row: Verdict) -> str:
    if row.state == Grading.GRADED:
        return badge(f"{row.passed} из {row.total}", "good" if row.ok else "bad")
    return badge(row.get_state_display(), "live" if row.state == Grading.WAITING else "ours")


@admin.register(Submission)
class SubmissionAdmin(ByLessonAdmin):
    list_display = ("when", "who", "titled", "verdict", "failing", "page")
    list_display_links = ("when",)
    list_filter = ("state", "ok", LessonFilter, "created")
    search_fields = ("user__email", "user__name", "lesson_title")
    search_help_text = "Адрес, имя или урок"
    list_select_related = ("user",)
    list_per_page = 50
    actions = ("regrade_chosen",)
    actions_detail: ClassVar[list[str]] = ["regrade_one"]
    fieldsets = (
        (None, {"fields": ("who", "titled", "attempt", "verdict", "reason", "created", "graded", "page")}),
        ("Проверки", {"fields": ("table",)}),
        ("Код", {"fields": ("source",)}),
        ("История проверок", {"fields": ("history",)}),
        ("Все попытки", {"fields": ("attempts",)}),
    )
    readonly_fields = (
        "who",
        "titled",
        "attempt",
        "verdict",
        "page",
        "table",
        "source",
        "history",
        "attempts",
    )

    @display(description="отправлено", ordering="created")
    def when(self, row: Submission) -> str:
        return moment(row.created)

    @display(description="кто", ordering="user__email")
    def who(self, row: Submission) -> str:
        return format_html(
            '<a class="admin-link" href="{}">{}</a>',
            reverse("admin:classroom_user_change", args=[row.user_id]),
            row.user,
        )

    @display(description="вердикт", ordering="passed")
    def verdict(self, row: Submission) -> str:
        return verdict_badge(row)

    @display(description="не прошло")
    def failing(self, row: Submission) -> str:
        failed = [case["title"] for case in row.cases if case["state"] == "failed"]
        more = f" и ещё {len(failed) - 1}" if len(failed) > 1 else ""
        return f"{failed[0]}{more}" if failed else nothing()

    @display(description="страница")
    def page(self, row: Submission) -> str:
        return format_html('<a class="admin-link" href="{}">Открыть</a>', submissions.url(row))

    @display(description="попытка")
    def attempt(self, row: Submission) -> int:
        return submissions.attempt_number(row)

    @display(description="проверки")
    def table(self, row: Submission) -> str:
        cases = [{**case, "url": runs.url(case["run"]) if case.get("run") else ""} for case in row.cases]
        return render_to_string("lessons/admin/cases.html", {"cases": cases})

    @display(description="код")
    def source(self, row: Submission) -> str:
        return code(row.code.text)

    @display(description="история")
    def history(self, row: Submission) -> str:
        lines = [
            {"row": judging, "verdict": verdict_badge(judging), "by": judging.asked_by}
            for judging in row.judgings.select_related("asked_by")
        ]
        return render_to_string("lessons/admin/history.html", {"lines": lines})

    @display(description="попытки")
    def attempts(self, row: Submission) -> str:
        tried = Submission.objects.filter(user_id=row.user_id, lesson=row.lesson).order_by("created")
        lines = [
            {
                "row": attempt,
                "verdict": verdict_badge(attempt),
                "url": reverse("admin:lessons_submission_change", args=[attempt.pk]),
                "here": attempt.pk == row.pk,
            }
            for attempt in tried
        ]
        return render_to_string("lessons/admin/attempts.html", {"lines": lines})

    @admin.action(description="Проверить заново", permissions=["regrade"])
    def regrade_chosen(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset.exclude(state=Grading.WAITING):
            if not self._regrade(request, row):
                return

    @action(
        description="Проверить заново",
        icon="replay",
        permissions=["regrade"],
        dialog={
            "title": "Проверить решение заново?",
            "description": "Прежний вердикт действует, пока не готов новый, и останется в истории.",
            "form_submit_text": "Проверить",
        },
    )
    def regrade_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self._regrade(request, Submission.objects.get(pk=object_id))
        return done(request, "admin:lessons_submission_change", object_id)

    def has_regrade_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("lessons.regrade_submission")

    def _regrade(self, request: HttpRequest, row: Submission) -> bool:
        try:
            submissions.regrade(row, request.user)  # type: ignore[arg-type]  # staff are users of ours
        except WorkError as error:
            self.message_user(request, error.message, messages.ERROR)
            return False
        self.message_user(request, f"Решение {row.pk} проверяется заново.", messages.SUCCESS)
        return True
