"""What somebody over a quota is told: what happened, when to come again, what to do, and what is not lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from lessons.work.errors import OverQuota
from lessons.work.words import plural, span


@dataclass(frozen=True, slots=True)
class Voice:
    """To whom we speak. `shared`: the bound is their whole network's. `kept`: what is not lost, a sentence.

    `more` is what a guest would get by signing in: runs an hour and processor seconds.
    """

    guest: bool
    kept: str = ""
    shared: bool = False
    more: tuple[int, float] = (0, 0.0)

    def of_all(self) -> Voice:
        return dataclasses.replace(self, shared=True)

    @property
    def bound(self) -> str:
        if self.shared:
            return "это общий предел для всех, у\u00a0кого один адрес в\u00a0интернете"
        return "для гостя это предел" if self.guest else "это предел"

    def remedy(self, signed_in: str) -> str:
        """How to get more: a guest by signing in (`signed_in` says what), others by asking."""
        if self.shared:
            how = "Войдите и\u00a0попросите" if self.guest else "Попросите"
            return (
                f"Идёт занятие? {how} преподавателя поднять вам квоту: "
                "с\u00a0ней общий предел вас не\u00a0касается."
            )
        if self.guest:
            return f"Если войти, можно будет {signed_in}."
        return "Нужно больше\u00a0— попросите преподавателя поднять вам квоту."


def _refusal(
    code: str, voice: Voice, wait: float, *sentences: str, runs: Sequence[str] = (), login: bool = False
) -> OverQuota:
    words = " ".join(sentence for sentence in (*sentences, voice.kept) if sentence)
    return OverQuota(words, code=code, retry_after=int(wait) + 1, runs=runs, login=login and voice.guest)


def closed(voice: Voice, wait: float) -> OverQuota:
    """A quota of zero: no waiting helps."""
    return _refusal(
        "closed", voice, wait, "Преподаватель закрыл вам запуск кода. Спросите у\u00a0него, когда откроет."
    )


def too_many_at_once(voice: Voice, live: int, wait: float, runs: Sequence[str]) -> OverQuota:
    """`runs` are one's own, the oldest first: any of them may be given up for the new one."""
    go = "идёт" if live % 10 == 1 and live % 100 != 11 else "идут"
    count = plural(live, "прогон", "прогона", "прогонов")
    if voice.shared:
        what = f"Из\u00a0вашей сети уже {go} {count}, больше одновременно нельзя: {voice.bound}."
        when = f"Место освободится примерно через {span(wait)}."
        return _refusal("too_many_at_once", voice, wait, what, when, voice.remedy(""), login=True)
    what = f"У\u00a0вас уже {go} {count}, больше одновременно нельзя."
    when = f"Остановите лишний или подождите: место освободится примерно через {span(wait)}."
    return _refusal("too_many_at_once", voice, wait, what, when, runs=runs)


def too_many_an_hour(voice: Voice, count: int, wait: float) -> OverQuota:
    started = plural(count, "прогон", "прогона", "прогонов")
    who = "из\u00a0вашей сети запустили" if voice.shared else "вы\u00a0запустили"
    per_hour = plural(voice.more[0], "прогон", "прогона", "прогонов") + " в\u00a0час"
    return _refusal(
        "too_many_an_hour",
        voice,
        wait,
        f"За\u00a0последний час {who} {started}: {voice.bound}.",
        f"Снова можно через {span(wait)}.",
        voice.remedy(per_hour),
        login=True,
    )


def too_much_cpu(voice: Voice, spent: float, wait: float) -> OverQuota:
    whose = "код из\u00a0вашей сети" if voice.shared else "ваш код"
    blame = "" if voice.shared else "Обычно это цикл, который крутится без пауз: поищите его в\u00a0коде."
    return _refusal(
        "too_much_cpu",
        voice,
        wait,
        f"За\u00a0последний час {whose} занимал процессор {span(spent)}: {voice.bound}.",
        f"Снова можно через {span(wait)}.",
        blame,
        voice.remedy(f"{span(voice.more[1])} в\u00a0час"),
        login=True,
    )


def still_judged(voice: Voice, wait: float) -> OverQuota:
    what = "Из\u00a0вашей сети пришло много решений, они" if voice.shared else "Предыдущие решения"
    when = f"Отправьте это через {span(wait)}."
    return _refusal("too_many_at_once", voice, wait, f"{what} ещё проверяются.", when)


def too_many_solutions(voice: Voice, count: int, wait: float) -> OverQuota:
    sent = plural(count, "решение", "решения", "решений")
    where = "из\u00a0вашей сети отправили" if voice.shared else "вы\u00a0отправили"
    bound = f": {voice.bound}" if voice.shared else "\u00a0— это предел"
    return _refusal(
        "too_many_an_hour",
        voice,
        wait,
        f"За\u00a0последний час {where} {sent}{bound}.",
        f"Следующее примем через {span(wait)}.",
    )
