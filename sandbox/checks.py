"""`manage.py check --deploy`: what the sandbox needs of a machine that strangers may reach."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Advice

from sandbox import cgroups
from sandbox import host as hosts
from sandbox.limits import DEMO, mebibytes

SECRETS = ("SECRET_KEY", "DATABASE_URL")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@register("sandbox", deploy=True)
def one_persons_machine(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """LOCAL and DEBUG are for a machine that nobody else reaches."""
    return [
        Error(f"{name} включён: это режим для своей машины. {why}", hint=f"Уберите {name}=1.", id=number)
        for name, number, why in (
            ("LOCAL", "sandbox.E001", "Пароли учебных пользователей известны всем, письма ложатся в файлы."),
            ("DEBUG", "sandbox.E002", "Страницы ошибок показывают код и настройки."),
        )
        if getattr(settings, name)
    ]


@register("sandbox", deploy=True)
def confinement(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Whether a worker started here as this user could confine code, and for the jail as a whole."""
    try:
        hosts.require_namespaces()
    except hosts.Unconfined as error:
        return [Error(error.why, hint=error.remedy, id="sandbox.E003")]
    if (why := cgroups.unusable()) is None:
        return []
    return [
        Advice(
            f"Память и процессор ограничены на процесс, а не на всю песочницу: {why}.",
            hint="Дайте исполнителям группы: юнит с Delegate=yes (deploy/poligon-worker.service) или root "
            "там, где в /sys/fs/cgroup можно писать. Судили по тому, кто запустил проверку.",
            id="sandbox.W001",
        )
    ]


@register("sandbox", deploy=True)
def workers_secrets(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Running workers of this machine (those whose environment may be read) hold no secret of the site."""
    found: list[CheckMessage] = []
    for process in workers():
        try:
            variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
        except PermissionError:
            found.append(
                Advice(
                    f"Окружение исполнителя {process} отсюда не прочесть: есть ли в нём тайны, неизвестно.",
                    hint="Повторите эту проверку от root.",
                    id="sandbox.W003",
                )
            )
            continue
        except OSError:
            continue  # it has ended meanwhile
        names = {variable.partition(b"=")[0].decode(errors="replace") for variable in variables}
        if held := [name for name in SECRETS if name in names]:
            found.append(
                Error(
                    f"Исполнитель {process} знает тайны сайта: {', '.join(held)}.",
                    hint="Уберите эти переменные из его окружения (deploy/worker.env) и перезапустите его.",
                    id="sandbox.E004",
                )
            )
    return found


@register("sandbox", deploy=True)
def open_broker(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Whoever reaches the broker can give workers jobs, and judges' checks run outside the jail."""
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "unix":
        return _open_socket(Path(url.path))
    if not url.password:
        return [
            Error(
                "Брокер доступен по сети без пароля: кто до него дойдёт, даст исполнителям свои задания.",
                hint="Задайте пароль: REDIS_URL=rediss://:пароль@…; на одной машине лучше сокет unix://.",
                id="sandbox.E005",
            )
        ]
    if url.scheme == "redis" and url.hostname not in LOOPBACK:
        return [
            Advice(
                "Пароль брокера и задания идут по сети открыто.",
                hint="Если сеть не частная, включите TLS: REDIS_URL=rediss://…",
                id="sandbox.W004",
            )
        ]
    return []


def _open_socket(path: Path) -> list[CheckMessage]:
    if not path.exists() or not stat.S_IMODE(path.stat().st_mode) & 0o002:
        return []
    return [
        Error(
            f"В сокет брокера {path} может писать любой пользователь машины.",
            hint=f"Запустите Valkey с --unixsocketperm 770 (deploy/), а сейчас: chmod 770 {path}",
            id="sandbox.E006",
        )
    ]


@register("sandbox", deploy=True)
def room_for_all(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Every place taken and every jail full: it should still fit the machine."""
    needed = settings.ENV.worker_concurrency * DEMO.memory
    present = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed <= present:
        return []
    places = settings.ENV.worker_concurrency
    return [
        Advice(
            f"Если все {places} песочниц займут по {mebibytes(DEMO.memory)}, памяти машины не хватит.",
            hint=f"WORKER_CONCURRENCY={present // 2 // DEMO.memory or 1} оставит половину памяти сайту.",
            id="sandbox.W002",
        )
    ]


def workers() -> list[int]:
    """Numbers of the Celery workers that run on this machine."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"coursesite.celery" in words and b"worker" in words:
            found.append(int(folder.name))
    return found
