"""The states of a run, and how each ending is told to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal[
    "queued",
    "starting",
    "running",
    "finished",
    "failed",
    "timed_out",
    "out_of_memory",
    "stopped",
    "lost",
]
Reason = Literal["done", "learner", "limit", "owner", "ours"]

LIVE_STATES: tuple[State, ...] = ("queued", "starting", "running")
END_STATES: tuple[State, ...] = ("finished", "failed", "timed_out", "out_of_memory", "stopped", "lost")

# How far a run has come: a report that would take it back is old news.
RANK: dict[str, int] = {"queued": 0, "starting": 1, "running": 2} | dict.fromkeys(END_STATES, 3)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `reason` says whose doing it was; `text` is one Russian sentence for the reader."""

    state: State
    reason: Reason
    text: str


FINISHED = Ending("finished", "done", "Прогон завершён.")
FAILED = Ending("failed", "learner", "Программа остановилась из-за ошибки.")
TIMED_OUT = Ending("timed_out", "limit", "Время вышло: прогон работал дольше, чем отведено.")
OUT_OF_MEMORY = Ending("out_of_memory", "limit", "Программе не хватило памяти.")
STOPPED = Ending("stopped", "owner", "Прогон остановлен.")
# What a guest may say of its own end; the words are ours, because a learner's code could say anything.
BY_GUEST: dict[str, Ending] = {ending.state: ending for ending in (FINISHED, FAILED, OUT_OF_MEMORY, STOPPED)}
LOST = Ending("lost", "ours", "Прогон прервался по нашей вине: запустите его ещё раз.")
RESTARTED = Ending("lost", "ours", "Прогон прервался: мы перезапускаем площадку. Запустите его ещё раз.")
BROKEN = Ending("lost", "ours", "Песочница не смогла выполнить прогон. Это наша ошибка, мы её уже видим.")
