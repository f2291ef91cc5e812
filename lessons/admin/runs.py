"""Runs: who runs what now, and the button that stops a live one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from redis.exceptions import RedisError
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from lessons.admin.base import ByLessonAdmin, LessonFilter, badge, code, done, moment, nothing
from lessons.models.work import LessonRun, Variant
from lessons.work import quota, runs
from lessons.work.owners import Owner
from lessons.work.words import plural
from sandbox.models import Run

TONES = {
    "queued": "live",
    "starting": "live",
    "running": "live",
    "finished": "good",
    "stopped": "calm",
    "lost": "ours",
}


def state_badge(run: Run) -> str:
    if run.kind == Run.Kind.CASE:
        return badge("не\u00a0пройдена", "bad")
    return badge(run.get_state_display(), TONES.get(run.state, "bad"))


class StateFilter(admin.SimpleListFilter):
    """One filter that instructors need first: what is running, what failed, what failed because of us."""

    title = "состояние"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "живые"), ("ours", "сбои у нас"), *Run.State.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LessonRun]) -> QuerySet[LessonRun]:
        value = self.value()
        if value == "live":
            return queryset.filter(run__state__in=quota.LIVE)
        if value == "ours":
            return queryset.filter(run__reason="ours")
        return queryset.filter(run__state=value) if value else queryset


class VariantFilter(admin.SimpleListFilter):
    """By what was run. Unless asked, the logs cut out of failed checks are left out: nobody started them."""

    title = "что запускали"
    parameter_name = "variant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*Variant.choices, ("all", "всё вместе с\u00a0проверками")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *rest = super().choices(changelist)
        yield {**first, "display": "запущенное людьми"}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet[LessonRun]) -> QuerySet[LessonRun]:
        value = self.value()
        if value is None:
            return queryset.exclude(variant=Variant.CASE)
        return queryset if value == "all" else queryset.filter(variant=value)


@admin.register(LessonRun)
class LessonRunAdmin(ByLessonAdmin):
    list_display = ("when", "titled", "variant", "who", "state", "how", "page")
    list_display_links = ("when",)
    list_filter = (StateFilter, VariantFilter, LessonFilter, "created")
    list_filter_submit = False
    search_fields = ("run__id", "user__email", "user__name", "lesson_title")
    search_help_text = "Ключ прогона, адрес или имя, урок"
    list_select_related = ("run", "user")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-created",)
    actions = ("stop_chosen",)
    actions_detail: ClassVar[list[str]] = ["stop_one"]
    fieldsets = (
        (None, {"fields": ("page", "state", "how", "who", "titled", "variant", "fork", "created")}),
        ("Как запущен", {"fields": ("seed", "controls", "events")}),
        ("Код", {"fields": ("source",)}),
    )
    readonly_fields = (
        "page",
        "state",
        "how",
        "who",
        "titled",
        "fork",
        "seed",
        "controls",
        "events",
        "source",
    )

    @display(description="создан", ordering="created")
    def when(self, row: LessonRun) -> str:
        return moment(row.created)

    @display(description="кто")
    def who(self, row: LessonRun) -> Any:
        if row.user_id is None:
            return "гость"
        return format_html(
            '<a class="admin-link" href="{}">{}</a>',
            reverse("admin:classroom_user_change", args=[row.user_id]),
            row.user,
        )

    @display(description="состояние", ordering="run__state")
    def state(self, row: LessonRun) -> str:
        return state_badge(row.run)

    @display(description="чем кончился")
    def how(self, row: LessonRun) -> str:
        return row.run.text or nothing()

    @display(description="страница")
    def page(self, row: LessonRun) -> str:
        return format_html('<a class="admin-link" href="{}">Смотреть</a>', runs.url(row.pk))

    @display(description="ветка от")
    def fork(self, row: LessonRun) -> str:
        if row.forked_from_id is None:
            return nothing()
        return format_html('<a class="admin-link" href="{0}">{0}</a>', runs.url(row.forked_from_id))

    @display(description="зерно")
    def seed(self, row: LessonRun) -> Any:
        return row.run.job.get("seed", nothing())

    @display(description="ручки")
    def controls(self, row: LessonRun) -> str:
        values: dict[str, Any] = row.run.job.get("controls", {})
        return ", ".join(f"{name} = {value}" for name, value in values.items()) or nothing()

    @display(description="событий")
    def events(self, row: LessonRun) -> int:
        return row.run.last_seq

    @display(description="код")
    def source(self, row: LessonRun) -> str:
        return code(row.code.text) if row.code is not None else f"{Variant(row.variant).label} из урока"

    @admin.action(description="Остановить выбранные", permissions=["stop"])
    def stop_chosen(self, request: HttpRequest, queryset: QuerySet[LessonRun]) -> None:
        live = list(queryset.filter(run__state__in=quota.LIVE).values_list("pk", flat=True))
        stopped = sum(self._stop(request, pk) for pk in live)
        word = plural(stopped, "прогон", "прогона", "прогонов")
        self.message_user(request, f"Останавливаем: {word}." if stopped else "Живых среди выбранных нет.")

    @action(
        description="Остановить",
        icon="stop_circle",
        variant=ActionVariant.DANGER,
        permissions=["stop"],
        dialog={
            "title": "Остановить прогон?",
            "description": "Зрители увидят, что прогон остановлен. Записанное останется.",
            "form_submit_text": "Остановить",
        },
    )
    def stop_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        if self._stop(request, object_id):
            self.message_user(request, "Прогон останавливается.", messages.SUCCESS)
        return done(request, "admin:lessons_lessonrun_change", object_id)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """The button stands only on a run that can be stopped."""
        live = LessonRun.objects.filter(pk=object_id, run__state__in=quota.LIVE).exists()
        return super().get_actions_detail(request, object_id) if live else []

    def has_stop_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("lessons.stop_lessonrun")

    def _stop(self, request: HttpRequest, pk: str) -> bool:
        try:
            runs.stop(pk, Owner(user=request.user))  # type: ignore[arg-type]  # staff are users of ours
        except RedisError:
            self.message_user(request, "Очередь не\u00a0отвечает: прогон не\u00a0остановлен.", messages.ERROR)
            return False
        return True
