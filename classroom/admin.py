"""People in the admin: who they are, what they have done lately, and how much they may run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from classroom.models import User
from lessons.models.work import Progress, Submission, Variant
from lessons.work import quota, runs
from lessons.work.quota import Bound
from lessons.work.words import plural

# One way in for everybody: the same page, the same limits on guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(Group)

WEEK = timedelta(days=7)
QUOTA = ("runs_at_once", "runs_per_hour", "cpu_per_hour")


def _in_words(of: Bound) -> str:
    return (
        f"{plural(of.at_once, 'прогон', 'прогона', 'прогонов')} сразу, {of.per_hour}\u00a0в\u00a0час, "
        f"{of.cpu:g}\u00a0с\u00a0процессора в\u00a0час"
    )


def _usual() -> str:
    """What an empty field means, in numbers."""
    return (
        f"Пустое поле значит: как у\u00a0всех ({_in_words(quota.USER)}). Новая квота действует сразу. "
        "У\u00a0кого она больше обычной, того не\u00a0касается и\u00a0общий предел его сети."
    )


def _keeps_accounts(request: HttpRequest) -> bool:
    """Whether they may change people's accounts, and not their quota alone."""
    return request.user.has_perm("classroom.change_user")


class NewUserForm(UserCreationForm):
    """Asks for the e-mail instead of a user name."""

    class Meta:
        model = User
        fields = ("email", "name")


class EditUserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


class QuotaForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = User
        fields = QUOTA


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """An instructor sees everybody and may change quotas; all else is for a superuser."""

    form = EditUserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    ordering = ("email",)
    list_display = ("email", "name", "role", "came", "week_runs", "solved", "own_quota")
    list_filter = ("is_active", "is_staff", "groups", "date_joined")
    search_fields = ("email", "name")
    search_help_text = "Адрес или имя"
    readonly_fields: ClassVar[tuple[str, ...]] = ("last_login", "date_joined", "activity")
    filter_horizontal = ("groups", "user_permissions")
    actions = ("raise_quotas", "usual_quotas")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Квота прогонов", {"fields": QUOTA, "description": _usual()}),
        ("Активность", {"fields": ("activity", "last_login", "date_joined")}),
        ("Права", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "name", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        since = timezone.now() - WEEK
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(
            runs_this_week=Count(
                "lesson_runs",
                filter=Q(lesson_runs__created__gt=since) & ~Q(lesson_runs__variant=Variant.CASE),
                distinct=True,
            ),
            lessons_solved=Count(
                "progress_set", filter=Q(progress_set__solved_at__isnull=False), distinct=True
            ),
        ).prefetch_related("groups")

    @display(description="роль", ordering="is_staff")
    def role(self, user: User) -> str:
        if user.is_superuser:
            return "администратор"
        return "преподаватель" if user.is_staff else "учится"

    @display(description="визит", ordering="last_login")
    def came(self, user: User) -> str:
        return date_format(timezone.localtime(user.last_login), "j\u00a0b\u00a0Y") if user.last_login else "—"

    @display(description="за неделю", ordering="runs_this_week")
    def week_runs(self, user: Any) -> str:
        return plural(user.runs_this_week, "прогон", "прогона", "прогонов")

    @display(description="решено", ordering="lessons_solved")
    def solved(self, user: Any) -> int:
        return int(user.lessons_solved)

    @display(description="своя квота")
    def own_quota(self, user: User) -> str:
        own = [
            f"{value}\u00a0{unit}"
            for value, unit in (
                (user.runs_at_once, "сразу"),
                (user.runs_per_hour, "в\u00a0час"),
                (user.cpu_per_hour, "с\u00a0процессора"),
            )
            if value is not None
        ]
        return ", ".join(own) or "—"

    @display(description="что делает")
    def activity(self, user: User) -> str:
        since = timezone.now() - WEEK
        ran = runs.started().filter(user=user)
        sent = Submission.objects.filter(user=user)
        read = Progress.objects.filter(user=user, read_at__isnull=False).count()
        last = ran.aggregate(at=Max("created"))["at"]
        return format_html(
            '<a class="admin-link" href="{}?q={}">{}</a> за\u00a0неделю{}; '
            '<a class="admin-link" href="{}?q={}">{}</a>; прочитано: {}',
            reverse("admin:lessons_lessonrun_changelist"),
            user.email,
            plural(ran.filter(created__gt=since).count(), "прогон", "прогона", "прогонов"),
            f", последний {timezone.localtime(last):%d.%m.%Y %H:%M}" if last else "",
            reverse("admin:lessons_submission_changelist"),
            user.email,
            plural(sent.count(), "решение", "решения", "решений"),
            plural(read, "урок", "урока", "уроков"),
        )

    @admin.action(description="Поднять квоту для занятия", permissions=["raise"])
    def raise_quotas(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._give(request, queryset, f"Квота для занятия: {_in_words(quota.CLASS)}", quota.CLASS)

    @admin.action(description="Вернуть обычную квоту", permissions=["raise"])
    def usual_quotas(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._give(request, queryset, f"Обычная квота: {_in_words(quota.USER)}", None)

    def _give(self, request: HttpRequest, users: QuerySet[User], done: str, own: Bound | None) -> None:
        values = (own.at_once, own.per_hour, int(own.cpu)) if own else (None, None, None)
        for user in users:
            for name, value in zip(QUOTA, values, strict=True):
                setattr(user, name, value)
            user.save(update_fields=QUOTA)
            self.log_change(request, user, done)
        count = plural(len(users), "человека", "человек", "человек")
        self.message_user(
            request, f"{done}. Теперь она у\u00a0{count} и\u00a0действует со\u00a0следующего пуска."
        )

    def has_raise_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("classroom.raise_quota")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) or request.user.has_perm("classroom.raise_quota")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Whoever may only raise quotas can write nothing else: neither rights nor e-mails nor passwords."""
        if _keeps_accounts(request):
            rights = (
                ()
                if request.user.is_superuser
                else ("is_staff", "is_superuser", "groups", "user_permissions")
            )
            return (*self.readonly_fields, *rights)
        fields = [str(name) for _, part in self.get_fieldsets(request, obj) for name in part["fields"]]
        return tuple(name for name in fields if name not in QUOTA)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the password (even its hash) and the rights for those who may not change them."""
        if _keeps_accounts(request):
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": ("email", "name", "is_active")}), *self.fieldsets[1:3])

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None and not _keeps_accounts(request):
            kwargs["form"] = QuotaForm  # the other form wants a password field, which is not there to write
        return super().get_form(request, obj, change=change, **kwargs)

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _keeps_accounts(request):
            raise PermissionDenied
        return super().user_change_password(request, *args, **kwargs)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Groups of rights; «Преподаватели» is completed after every migrate."""
