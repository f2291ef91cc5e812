"""Runs and their archived logs. Written by `runs` (start) and the registrar (everything after)."""

from __future__ import annotations

import secrets
import time
import zlib
from collections.abc import Iterator

from django.db import models

from sandbox import jobs, states, stream
from sandbox.client import valkey

# In ASCII order, so that ids sort by the time they were made.
_ALPHABET = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_INFLATED = 64 * 1024  # bytes taken from an archive at a time


def new_id() -> str:
    """A name nobody can guess: 48 bits of milliseconds, 82 random ones, as 22 URL-safe characters."""
    # The topmost bit is set so that no id begins with a dash.
    number = 1 << 130 | (time.time_ns() // 1_000_000) << 82 | secrets.randbits(82)
    return "".join(_ALPHABET[number >> shift & 63] for shift in range(126, -1, -6))


class Archive(models.Model):
    """A finished log, named by what it holds: equal runs share one."""

    digest = models.CharField("SHA-256", max_length=64, primary_key=True)
    body = models.BinaryField("сжатый журнал")
    events = models.PositiveIntegerField("событий")

    class Meta:
        verbose_name = "архив журнала"
        verbose_name_plural = "архивы журналов"

    def __str__(self) -> str:
        return self.digest[:12]


def inflate(body: bytes) -> Iterator[bytes]:
    """The lines of an archive's body, never more than a part of it in memory."""
    unpacker = zlib.decompressobj(wbits=31)
    rest, data = b"", body
    while not unpacker.eof:
        *lines, rest = (rest + unpacker.decompress(data, _INFLATED)).split(b"\n")
        yield from lines
        data = unpacker.unconsumed_tail
    if rest:
        yield rest


class Run(models.Model):
    """One execution: a demo, a judging, or a finished log that was made from one (a failed case)."""

    class Kind(models.TextChoices):
        DEMO = "demo", "демонстрация"
        JUDGE = "judge", "проверка решения"
        CASE = "case", "разбор проверки"
        RECORDING = "recording", "запись"

    class State(models.TextChoices):
        QUEUED = "queued", "в очереди"
        STARTING = "starting", "запускается"
        RUNNING = "running", "идёт"
        FINISHED = "finished", "завершён"
        FAILED = "failed", "ошибка в коде"
        TIMED_OUT = "timed_out", "вышло время"
        OUT_OF_MEMORY = "out_of_memory", "не хватило памяти"
        STOPPED = "stopped", "остановлен"
        LOST = "lost", "прерван по нашей вине"

    id = models.CharField(primary_key=True, max_length=22, default=new_id, editable=False)
    kind = models.CharField("вид", max_length=10, choices=Kind.choices, default=Kind.DEMO)
    label = models.CharField("название", max_length=200, blank=True)
    state = models.CharField("состояние", max_length=14, choices=State.choices, default=State.QUEUED)
    reason = models.CharField("чья причина", max_length=8, blank=True)
    text = models.TextField("чем кончился", blank=True)
    job = models.JSONField("задание", default=dict)
    attempt = models.PositiveSmallIntegerField("попытка", default=1)
    last_seq = models.PositiveIntegerField("событий", default=0)
    cpu_seconds = models.FloatField("процессорных секунд", default=0.0)  # of the attempt that ended it
    archive = models.ForeignKey(
        Archive, on_delete=models.PROTECT, null=True, blank=True, verbose_name="архив", related_name="runs"
    )
    created = models.DateTimeField("создан", auto_now_add=True)
    started = models.DateTimeField("начат", null=True, blank=True)
    ended = models.DateTimeField("закончен", null=True, blank=True)

    class Meta:
        verbose_name = "прогон"
        verbose_name_plural = "прогоны"
        ordering = ["-created"]
        indexes = [
            models.Index(fields=["state", "created"], name="run_by_state"),
            models.Index(fields=["-created"], name="run_by_age"),
        ]

    def __str__(self) -> str:
        return self.label or self.id

    @property
    def over(self) -> bool:
        return self.state in states.END_STATES

    @property
    def task(self) -> jobs.Job:
        """The job as the worker was sent it."""
        return jobs.from_json(self.job)

    def events(self, after: int = 0) -> Iterator[bytes]:
        """The log's lines that follow event `after`: from the archive, or from Valkey while there is none."""
        if self.archive_id is not None:
            body = Archive.objects.values_list("body", flat=True).get(pk=self.archive_id)
            for seq, line in enumerate(inflate(bytes(body)), start=1):
                if seq > after:
                    yield line
            return
        client = valkey()
        attempt = client.hget(stream.run_key(self.id), "attempt")
        log = stream.Log(client, self.id, int(attempt or self.attempt))
        yield from stream.lines_of(log.read(after))
