"""Russian words that depend on a number."""

from __future__ import annotations


def plural(n: int, one: str, few: str, many: str) -> str:
    """The number with the right form of the noun: 1 минута, 2 минуты, 5 минут. Non-breaking space."""
    tail, teen = abs(n) % 10, abs(n) % 100
    if tail == 1 and teen != 11:
        form = one
    elif 2 <= tail <= 4 and not 12 <= teen <= 14:
        form = few
    else:
        form = many
    return f"{n}\u00a0{form}"


def about(seconds: float) -> str:
    """An estimate of a wait, after «ждать»: «несколько секунд», «около 20 секунд», «около 2 минут»."""
    if seconds < 10:
        return "несколько секунд"
    if seconds < 50:
        return f"около {round(seconds, -1):.0f}\u00a0секунд"
    minutes = round(seconds / 60)
    if minutes > 60:
        return "больше часа"
    ones = minutes % 10 == 1 and minutes != 11
    return "около минуты" if minutes <= 1 else f"около {minutes}\u00a0{'минуты' if ones else 'минут'}"


def span(seconds: float) -> str:
    """How long to wait, in the accusative after «через», rounded up: «40 секунд», «12 минут»."""
    whole = max(1, int(-(-seconds // 1)))
    if whole < 90:
        return plural(whole, "секунду", "секунды", "секунд")
    minutes = -(-whole // 60)
    if minutes < 90:
        return plural(minutes, "минуту", "минуты", "минут")
    return plural(-(-minutes // 60), "час", "часа", "часов")
