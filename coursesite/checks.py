"""`manage.py check --deploy`: what the site needs before strangers may reach it.

Django's own warnings about these things are silenced in the settings: these say it in Russian, with the
remedy, and know that TLS ends at the proxy. What the sandbox needs is in `sandbox.checks`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Advice

FEWEST_SIGNS = 20  # different characters of a key; 64 random ones of 64 have about 40
WIDEST = {4: 8, 6: 16}  # bits: no proxy or CDN has a network wider than that
NEW_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(64))"'


@register("coursesite", deploy=True)
def secret_key(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Whoever guesses the key signs in as anybody."""
    key = settings.SECRET_KEY
    if len(set(key)) >= FEWEST_SIGNS and not key.startswith("django-insecure-"):
        return []
    return [
        Error(
            "SECRET_KEY легко угадать: угадавший войдёт под любым именем.",
            hint=f"Сделайте случайный: {NEW_KEY}",
            id="coursesite.E001",
        )
    ]


@register("coursesite", deploy=True)
def names(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The names under which the site is open: without them it answers nobody, with * it believes anybody."""
    if not settings.ALLOWED_HOSTS:
        text = "Сайту не сказано, под каким именем он открыт: на каждый запрос он ответит 400."
    elif "*" in settings.ALLOWED_HOSTS:
        text = "ALLOWED_HOSTS=*: чужой заголовок Host попадёт в ссылки писем, например о пароле."
    else:
        return []
    return [Error(text, hint="Перечислите имена: ALLOWED_HOSTS=poligon.example.", id="coursesite.E002")]


@register("coursesite", deploy=True)
def private_files(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The database, the secret and the letters are for the site's user alone."""
    found: list[CheckMessage] = []
    database = settings.ENV.database_path
    places = {settings.VAR: 0o700, settings.VAR / "secret": 0o600, database.parent: 0o700, database: 0o600}
    for path, mode in places.items():
        inside = path != settings.VAR and settings.VAR in path.parents
        if not path.exists() or (inside and not _open_to_others(settings.VAR)):
            continue  # nobody comes as far as a file below a closed folder
        if _open_to_others(path):
            found.append(
                Error(
                    f"{path} открыт не только пользователю сайта: там база, секрет и письма.",
                    hint=f"chmod {mode:o} {path}",
                    id="coursesite.E003",
                )
            )
    return found


def _open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


@register("coursesite", deploy=True)
def proxies(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Whose word about a reader's address is taken: nobody's when it is needed, or everybody's."""
    trusted = settings.TRUSTED_PROXIES
    found: list[CheckMessage] = [
        Error(
            f"TRUSTED_PROXIES: сеть {network} так широка, что адрес себе придумает любой читатель.",
            hint="Назовите только свои прокси: TRUSTED_PROXIES=127.0.0.1.",
            id="coursesite.E004",
        )
        for network in trusted.networks
        if network.prefixlen < WIDEST[network.version]
    ]
    if not trusted.told and not settings.LOCAL:
        found.append(
            Advice(
                "Не сказано, стоит ли перед сайтом прокси. Если стоит, у всех читателей один адрес, "
                "а с ним и общая квота, и общий счёт попыток входа.",
                hint="TRUSTED_PROXIES=127.0.0.1 (адреса прокси через запятую; unix для сокета), "
                "а если прокси нет, TRUSTED_PROXIES=none.",
                id="coursesite.W001",
            )
        )
    if os.environ.get("FORWARDED_ALLOW_IPS", "").strip() == "*":
        found.append(
            Error(
                "FORWARDED_ALLOW_IPS=*: uvicorn поверит любому X-Forwarded-For.",
                hint="Уберите переменную: адреса читает сам сайт, по TRUSTED_PROXIES.",
                id="coursesite.E005",
            )
        )
    return found
