"""What `loadcourse` saved. Rows are rewritten by it alone; `docs/content.md` says what they are made of."""

from __future__ import annotations

from django.db import models
from django.urls import reverse


class Chapter(models.Model):
    """A chapter of the course. `number` counts from 1."""

    slug = models.SlugField("имя в адресе", max_length=80, unique=True)
    number = models.PositiveSmallIntegerField("номер")
    title = models.CharField("название", max_length=200)
    aim = models.TextField("о чём")

    class Meta:
        verbose_name = "глава"
        verbose_name_plural = "главы"
        ordering = ("number",)

    def __str__(self) -> str:
        return f"Глава {self.number}. {self.title}"


class Recording(models.Model):
    """A recorded run of a lesson's reference: gzip JSON lines, named by the SHA-256 of these bytes.

    Kept in the database, so that any web process can serve it and a changed file cannot part from its page.
    """

    digest = models.CharField("SHA-256", max_length=64, primary_key=True)
    body = models.BinaryField("события, gzip")
    events = models.PositiveIntegerField("событий")

    class Meta:
        verbose_name = "запись прогона"
        verbose_name_plural = "записи прогонов"

    def __str__(self) -> str:
        return f"{self.digest[:12]}, событий: {self.events}"


class Status(models.TextChoices):
    READY = "ready", "готов"
    PLANNED = "planned", "готовится"


class Lesson(models.Model):
    """A lesson, rendered. A planned one has a title and an aim and nothing else.

    `html` holds markers where blocks go; `page` is what blocks and the page show; `private` (cases,
    solution) never leaves the server.
    """

    chapter = models.ForeignKey(
        Chapter, on_delete=models.CASCADE, related_name="lessons", verbose_name="глава"
    )
    slug = models.SlugField("имя в адресе", max_length=80, unique=True)
    number = models.PositiveSmallIntegerField("номер в главе")
    title = models.CharField("название", max_length=200)
    aim = models.TextField("о чём")
    status = models.CharField("состояние", max_length=8, choices=Status.choices, default=Status.READY)
    minutes = models.PositiveSmallIntegerField("минут чтения", default=0)
    has_demo = models.BooleanField("с демонстрацией", default=False)
    has_exercise = models.BooleanField("с заданием", default=False)
    html = models.TextField("текст", blank=True)
    page = models.JSONField("блоки страницы", default=dict, blank=True)
    spec = models.JSONField("демонстрация", default=dict, blank=True)
    files = models.JSONField("открытые файлы", default=dict, blank=True)
    private = models.JSONField("закрытые файлы", default=dict, blank=True, editable=False)
    recording = models.ForeignKey(
        Recording, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="запись"
    )
    digest = models.CharField("отпечаток исходников", max_length=64, blank=True)
    loaded = models.DateTimeField("загружен", auto_now=True)

    class Meta:
        verbose_name = "урок"
        verbose_name_plural = "уроки"
        ordering = ("chapter__number", "number")

    def __str__(self) -> str:
        return f"{self.chapter.number}.{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("lesson", args=[self.slug])
