"""demo.toml with the files it speaks of: everything the page and a job need to know about a demo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lessons.controls import BadControls, clean_script, fault
from lessons.loader import python
from lessons.loader.problems import Problems
from lessons.loader.python import Module
from lessons.loader.table import Table, parse
from lessons.markdown import typography
from sandbox import packages

RUNTIME_KINDS: dict[str, dict[str, Any]] = {
    "run.started": {"label": "Начало", "fields": ["seed", "duration", "clock", "controls"]},
    "control.set": {"label": "Ручка", "fields": ["name", "value", "by"]},
    "out": {"label": "Печать", "fields": ["text"]},
    "problem": {"label": "Ошибка в коде", "fields": ["error", "message", "line", "trace"]},
    "limit": {"label": "Превышен предел", "fields": ["what", "bound", "text"]},
    "run.ended": {"label": "Конец", "fields": ["state", "reason", "text"]},
}
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_KIND = re.compile(r"[a-z]+(?:\.[a-z_]+)+")
_PLACE = re.compile(r"\{([a-z_]+)\}")
_FORMATS = ("0", "0.0", "0.00")


@dataclass(frozen=True, slots=True)
class BuiltDemo:
    """`spec` is the public description without `recording`; `script` is the story of the recording."""

    spec: dict[str, Any]
    modules: dict[str, Module]
    script: list[tuple[float, str, bool | int | float | str]]
    variant: str


def build(folder: Path, slug: str, problems: Problems) -> BuiltDemo | None:
    """Read a lesson's demo. None when it has none, or when it cannot be used."""
    path = folder / "demo.toml"
    if not path.exists():
        for name in ("demo.py", "scene.js", "recording.jsonl.gz"):
            if (folder / name).exists():
                problems.add(
                    path, 0, f"есть {name}, но нет demo.toml", "опишите демонстрацию или уберите файл"
                )
        return None
    table = parse(path, problems)
    modules = {
        name: m
        for name in ("reference.py", "naive.py", "demo.py")
        if (m := python.read(folder / name, problems))
    }
    for name in ("reference.py", "demo.py"):
        if not (folder / name).exists():
            problems.add(folder / name, 0, "файла нет", f"демонстрации без {name} не бывает: напишите его")
    if table is None:
        return None
    spec: dict[str, Any] = {
        "title": typography.plain(table.string("title")),
        "scene": table.string("scene", required=False, default=slug),
        "clock": table.one_of("clock", ("virtual", "real")),
        "duration": float(table.number("duration", low=1, high=600)),
        "seed": table.whole("seed", high=2**31),
        "prompt": typography.plain(table.string("prompt")),
        "packages": _packages(table),
        "controls": list(_controls(table)),
        "variants": list(_variants(table, modules)),
        "names": _names(table),
        "kinds": {},
    }
    spec["kinds"] = dict(_kinds(table))
    if not (folder / "scene.js").exists() and spec["scene"] == slug:
        problems.add(
            folder / "scene.js",
            0,
            "файла со сценой нет",
            'напишите его или назовите чужую сцену: scene = "…"',
        )
    variant, script = _recording(table, spec)
    table.done()
    _check_code(modules, spec, problems)
    return BuiltDemo(spec, modules, script, variant)


def _packages(table: Table) -> list[str]:
    """Import names of what the demo and the exercise need beside the standard library."""
    names = table.strings("packages")
    try:
        known = packages.import_names()
    except packages.PackageMissing as error:
        table.problem("packages", "пакеты для уроков не установлены", str(error))
        return []
    for name in sorted(set(names) - known):
        remedy = f"есть такие: {', '.join(sorted(known))}"
        table.problem("packages", f"пакета «{name}» в песочнице нет", remedy)
    return [name for name in names if name in known]


def _controls(table: Table) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for item in table.tables("controls"):
        kind = item.one_of("kind", ("slider", "switch", "choice", "button"))
        name = item.string("name")
        if name and not _IDENTIFIER.fullmatch(name):
            item.problem("name", f"«{name}» не годится", "имя как в Python: error_rate")
        if name in seen:
            item.problem("name", f"ручка «{name}» уже есть", "назовите иначе")
        seen.add(name)
        control: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "label": typography.plain(item.string("label")),
        }
        if kind == "slider":
            control |= {
                "min": item.number("min"),
                "max": item.number("max"),
                "step": item.number("step", low=1e-6),
            }
            if control["min"] >= control["max"]:
                item.problem("min", "min не меньше max", "поменяйте границы")
            control["unit"] = item.string("unit", required=False)
            control["format"] = item.one_of("format", _FORMATS, required=False, default="0")
        if kind == "choice":
            control["options"] = [
                {"value": option.string("value"), "label": typography.plain(option.string("label"))}
                for option in item.tables("options", required=True)
            ]
        if kind != "button":
            control["default"] = item.raw("default")
            why = fault(control, control["default"])
            if "default" not in item.data:
                item.problem("", "нет поля «default»", "добавьте значение в начале прогона")
            elif why:
                item.problem("default", f"«default» не подходит: {control['default']!r}", why)
        if kind == "switch" and "tone" in item.data:
            control["tone"] = item.one_of("tone", ("fail", "ok"))
        if "help" in item.data:
            control["help"] = typography.plain(item.string("help"))
        item.done()
        yield control


def _variants(table: Table, modules: dict[str, Module]) -> Iterator[dict[str, Any]]:
    declared = dict(table.keyed("variants"))
    for name in ("reference", "naive"):
        if name not in declared:
            if f"{name}.py" in modules:
                table.problem(
                    "",
                    f"нет таблицы [variants.{name}]",
                    f"добавьте её: label — как назвать {name}.py на странице",
                )
            continue
        item = declared.pop(name)
        variant = {"name": name, "label": typography.plain(item.string("label")), "code": ""}
        if "note" in item.data:
            variant["note"] = typography.plain(item.string("note"))
        item.done()
        if f"{name}.py" in modules:
            variant["code"] = modules[f"{name}.py"].text
        else:
            item.problem(
                "", f"вариант {name} есть, а файла {name}.py нет", "напишите файл или уберите таблицу"
            )
        yield variant
    for name, item in declared.items():
        item.problem("", f"варианта «{name}» не бывает", "есть reference и naive")


def _names(table: Table) -> dict[str, str]:
    names = table.table("names")
    return {key: typography.plain(names.string(key)) for key in names.data} if names else {}


def _kinds(table: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, item in table.keyed("kinds"):
        if kind in RUNTIME_KINDS:
            item.problem("", f"событие «{kind}» создаёт сама песочница", "уберите таблицу")
        elif not _KIND.fullmatch(kind):
            item.problem(
                "", f"«{kind}» не годится", 'имя из двух частей через точку, в кавычках: "call.sent"'
            )
        entry: dict[str, Any] = {
            "label": typography.plain(item.string("label")),
            "fields": item.strings("fields"),
        }
        if "say" in item.data:
            entry["say"] = typography.plain(item.string("say"))
            for name in sorted(set(_PLACE.findall(entry["say"])) - set(entry["fields"])):
                item.problem("say", f"в say есть {{{name}}}, а в fields его нет", "поправьте одно из двух")
        if item.flag("key"):
            entry["key"] = True
        item.done()
        yield kind, entry


def _recording(
    table: Table, spec: dict[str, Any]
) -> tuple[str, list[tuple[float, str, bool | int | float | str]]]:
    item = table.table("recording")
    if item is None:
        return "reference", []
    variant = item.one_of("variant", ("reference", "naive"), required=False, default="reference")
    script = item.raw("script") or []
    item.done()
    try:
        return variant, clean_script(spec["controls"], script, spec["duration"])
    except BadControls as bad:
        for where, why in bad.fields.items():
            item.problem("script", f"{where}: не подходит", why)
    except TypeError:
        item.problem("script", "script — не список троек", 'пишите [[6.0, "down", true]]')
    return variant, []


def _check_code(modules: dict[str, Module], spec: dict[str, Any], problems: Problems) -> None:
    demo = modules.get("demo.py")
    if demo is None:
        return
    if "scenario" not in python.functions(demo.source):
        problems.add(demo.path, 0, "нет функции scenario", "напишите «async def scenario(lab): …»")
    check_emitted(demo, spec, problems)
    names = {control["name"] for control in spec["controls"]}
    for name, line in python.controls_used(demo.source):
        if name not in names:
            problems.add(
                demo.path, line, f"ручки «{name}» нет в demo.toml", f"есть такие: {', '.join(sorted(names))}"
            )


def check_emitted(module: Module, spec: dict[str, Any], problems: Problems) -> None:
    """Events written out in the code must be declared, with just these fields."""
    for event in python.emitted(module.source):
        declared = spec["kinds"].get(event.kind)
        if declared is None:
            remedy = f'добавьте [kinds."{event.kind}"] или поправьте имя'
            problems.add(module.path, event.line, f"событие «{event.kind}» не объявлено в demo.toml", remedy)
        elif event.fields is not None and event.fields != set(declared["fields"]):
            expected = ", ".join(declared["fields"]) or "никаких"
            problems.add(
                module.path, event.line, f"не те поля у «{event.kind}»", f"по demo.toml они такие: {expected}"
            )
