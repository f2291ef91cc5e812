"""What people do in the course: the code they keep, run and hand in, and how far they are.

Lessons are named by slug, not by key: reloading the course must never touch anybody's work.
A row belongs to a user, or to a guest known by the key in their session, never to both.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Owned(models.Model):
    """A row of somebody's work: `user` or `guest` is set, never both; neither once a user is deleted."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="%(class)s_set",
        verbose_name="пользователь",
    )
    guest = models.CharField("ключ гостя", max_length=32, blank=True, db_index=True, editable=False)

    class Meta:
        abstract = True

    @property
    def owner_name(self) -> str:
        """Who did it, for people to read."""
        return str(self.user) if self.user is not None else "гость"


class Slot(models.TextChoices):
    DEMO = "demo", "демонстрация"
    EXERCISE = "exercise", "задание"


class CodeVersion(Owned):
    """One saved state of the code in one editor. Versions are only added; `work.room` thins them out.

    `n` counts from 1 within owner, lesson and slot. An `aside` version was typed on top of an
    outdated one: it is kept and listed, but does not become the newest text of the slot.
    """

    lesson = models.SlugField("урок", max_length=80)
    slot = models.CharField("редактор", max_length=10, choices=Slot.choices)
    n = models.PositiveIntegerField("версия")
    text = models.TextField("код")
    size = models.PositiveIntegerField("байт", default=0)  # of the text in UTF-8
    sha = models.CharField("SHA-256", max_length=64)
    aside = models.BooleanField("в стороне", default=False)
    saved_at = models.DateTimeField("сохранена", default=timezone.now)

    class Meta:
        verbose_name = "версия кода"
        verbose_name_plural = "версии кода"
        ordering = ("-saved_at", "-id")
        indexes = (models.Index(fields=("user", "guest", "size"), name="version_room"),)
        constraints = (
            models.UniqueConstraint(
                fields=("user", "lesson", "slot", "n"),
                condition=Q(user__isnull=False),
                name="user_version_once",
            ),
            models.UniqueConstraint(
                fields=("guest", "lesson", "slot", "n"),
                condition=Q(user__isnull=True),
                name="guest_version_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lesson}, {self.get_slot_display()}, версия {self.n}"


class Variant(models.TextChoices):
    REFERENCE = "reference", "эталон"
    NAIVE = "naive", "наивная версия"
    MINE = "mine", "свой код"
    CASE = "case", "проверка задания"


class LessonRun(Owned):
    """Whose run it is and what of the course it runs. The run itself knows neither.

    `submission` is set on the run of a failed case (`variant` case) and on no other.
    `address` is a keyed hash of the starter's network address: enough to count, useless to find anybody.
    """

    run = models.OneToOneField(
        "sandbox.Run",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="lesson_run",
        verbose_name="прогон",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,  # others may hold a link to the run
        null=True,
        blank=True,
        related_name="lesson_runs",
        verbose_name="пользователь",
    )
    lesson = models.SlugField("урок", max_length=80)
    variant = models.CharField("вариант", max_length=10, choices=Variant.choices)
    code = models.ForeignKey(
        CodeVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs", verbose_name="код"
    )
    forked_from = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="forks",
        verbose_name="ветка от",
    )
    submission = models.ForeignKey(
        "Submission",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="case_runs",
        verbose_name="решение, проверка которого не пройдена",
    )
    address = models.CharField(max_length=32, blank=True, editable=False)
    given_up = models.BooleanField(default=False, editable=False)  # being stopped for the sake of a newer one
    created = models.DateTimeField("создан", default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "прогон"
        verbose_name_plural = "прогоны"
        ordering = ("-created",)
        indexes = (
            models.Index(fields=("user", "created"), name="lessonrun_user"),
            models.Index(fields=("guest", "created"), name="lessonrun_guest"),
            models.Index(fields=("address", "created"), name="lessonrun_address"),
        )
        permissions = (("stop_lessonrun", "Может останавливать чужие прогоны"),)

    def __str__(self) -> str:
        return f"прогон {self.pk}: {self.get_variant_display()}"


class Grading(models.TextChoices):
    WAITING = "waiting", "проверяется"
    GRADED = "graded", "проверено"
    BROKEN = "broken", "сбой на нашей стороне"


class Verdict(models.Model):
    """What a judge said, or is yet to say. `cases` is a list of
    `{n, title, state, message, expected, got, inputs, hint, run}`; `state` is passed, failed or skipped.
    """

    state = models.CharField("состояние", max_length=8, choices=Grading.choices, default=Grading.WAITING)
    passed = models.PositiveSmallIntegerField("пройдено", default=0)
    total = models.PositiveSmallIntegerField("всего проверок", default=0)
    ok = models.BooleanField("зачтено", default=False)
    cases = models.JSONField("проверки", default=list, blank=True)
    reason = models.CharField("пояснение", max_length=300, blank=True)
    created = models.DateTimeField("отправлено", default=timezone.now, db_index=True)
    graded = models.DateTimeField("проверено", null=True, blank=True)

    class Meta:
        abstract = True


class Submission(Verdict):
    """One solution handed in. Its verdict is the latest one given; the older ones stay in `judgings`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="submissions",
        verbose_name="пользователь",
    )
    lesson = models.SlugField("урок", max_length=80)
    code = models.ForeignKey(
        CodeVersion, on_delete=models.RESTRICT, related_name="submissions", verbose_name="код"
    )
    run = models.ForeignKey(
        "sandbox.Run", on_delete=models.RESTRICT, related_name="+", verbose_name="прогон проверки"
    )

    class Meta:
        verbose_name = "решение"
        verbose_name_plural = "решения"
        ordering = ("-created",)
        indexes = (models.Index(fields=("user", "lesson", "created"), name="submission_attempts"),)
        permissions = (("regrade_submission", "Может отправлять решение на повторную проверку"),)

    def __str__(self) -> str:
        return f"решение {self.pk}"


class Judging(Verdict):
    """One judging of a submission. A judging is closed once, by a conditional update on `state`."""

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="judgings", verbose_name="решение"
    )
    run = models.OneToOneField(
        "sandbox.Run", on_delete=models.CASCADE, related_name="judging", verbose_name="прогон проверки"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="кто отправил",
    )
    address = models.CharField(max_length=32, blank=True, editable=False)  # as `LessonRun.address`

    class Meta:
        verbose_name = "проверка решения"
        verbose_name_plural = "проверки решений"
        ordering = ("-created",)
        indexes = (models.Index(fields=("address", "created"), name="judging_address"),)

    def __str__(self) -> str:
        return f"проверка {self.pk}: {self.get_state_display()}"


class Progress(Owned):
    """How far one reader is in one lesson. `predicted` and `quiz` map a question's id to the answer."""

    lesson = models.SlugField("урок", max_length=80)
    read_at = models.DateTimeField("прочитан", null=True, blank=True)
    predicted = models.JSONField("предсказания", default=dict, blank=True)
    quiz = models.JSONField("ответы на вопросы", default=dict, blank=True)
    solved_at = models.DateTimeField("задание решено", null=True, blank=True)
    place = models.CharField("остановился на", max_length=120, blank=True)  # a heading's anchor
    updated = models.DateTimeField("изменено", auto_now=True)

    class Meta:
        verbose_name = "продвижение"
        verbose_name_plural = "продвижение"
        ordering = ("-updated",)
        constraints = (
            models.UniqueConstraint(
                fields=("user", "lesson"), condition=Q(user__isnull=False), name="user_progress_once"
            ),
            models.UniqueConstraint(
                fields=("guest", "lesson"), condition=Q(user__isnull=True), name="guest_progress_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.lesson}: {self.owner_name}"
