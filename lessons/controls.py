"""Values of a demo's controls: checked against their declarations before anything runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Value = bool | int | float | str


class BadControls(ValueError):
    """Values that do not fit the controls. `fields` maps a control's name to a Russian sentence."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in fields.items()))
        self.fields = fields


def fault(control: Mapping[str, Any], value: object) -> str | None:
    """Why the value does not fit the control, as a Russian sentence, or None if it does."""
    kind = control["kind"]
    if kind == "slider":
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return "Нужно число."
        if not control["min"] <= value <= control["max"]:
            return f"Нужно число от {control['min']} до {control['max']}."
    elif kind == "switch":
        if not isinstance(value, bool):
            return "Нужно true или false."
    elif kind == "choice":
        known = [option["value"] for option in control["options"]]
        if value not in known:
            return f"Выберите одно из: {', '.join(known)}."
    elif value is not True:
        return "Кнопке передают true."
    return None


def clean_controls(controls: Iterable[Mapping[str, Any]], values: Mapping[str, object]) -> dict[str, Value]:
    """The controls' defaults overlaid with `values`. Raises BadControls naming every wrong value at once."""
    declared = {control["name"]: control for control in controls}
    faults = {name: "Такой ручки в этой демонстрации нет." for name in values if name not in declared}
    clean: dict[str, Value] = {n: c["default"] for n, c in declared.items() if "default" in c}
    for name, value in values.items():
        if name in declared:
            why = fault(declared[name], value)
            if why:
                faults[name] = why
            elif isinstance(value, bool | int | float | str):
                clean[name] = value
    if faults:
        raise BadControls(faults)
    return clean


def clean_script(
    controls: Iterable[Mapping[str, Any]], script: Iterable[Sequence[object]], duration: float
) -> list[tuple[float, str, Value]]:
    """Check `[t, name, value]`: `t` in scenario seconds, in order, within the run. Raises BadControls."""
    declared = {control["name"]: control for control in controls}
    clean: list[tuple[float, str, Value]] = []
    last = 0.0
    for n, entry in enumerate(script, 1):
        why: str | None
        if isinstance(entry, str) or len(entry) != 3:
            raise BadControls({f"script.{n}": "Нужна тройка: секунда, имя, значение."})
        t, name, value = entry
        if isinstance(t, bool) or not isinstance(t, int | float) or not last <= t <= duration:
            why = f"Секунда должна быть от {last:g} до {duration:g} и не раньше предыдущей."
        elif not isinstance(name, str) or name not in declared:
            why = "Такой ручки в этой демонстрации нет."
        else:
            why = fault(declared[name], value)
            if why is None and isinstance(value, bool | int | float | str):
                last = float(t)
                clean.append((last, name, value))
        if why:
            raise BadControls({f"script.{n}": why})
    return clean
