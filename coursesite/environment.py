"""Settings that come from the environment, read and checked once (12-factor).

Free of Django, because a sandbox worker reads the same variables and must not need the site.
A bad value stops start-up: the error names the variable, the value and the remedy.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadSetting(Exception):
    """An environment variable has a value the site cannot start with."""

    def __init__(self, name: str, value: str, remedy: str) -> None:
        super().__init__(f"{name}={value!r}: {remedy}")
        self.name = name
        self.value = value
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Proxies:
    """Who may tell us the reader's address: `networks`, and whoever comes over a unix socket if `unix`.

    `told` is False when the variable was not set: nobody has said whether there is a proxy at all.
    """

    networks: tuple[Network, ...] = ()
    unix: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class Environment:
    """The checked values. Paths are absolute; URLs are as given.

    `local` is "one person's machine": demo users, content reloaded when saved, mail into files, cookies
    over plain HTTP. `debug` is Django's own and stays off even there: no traceback belongs on a page.
    """

    var: Path
    content: Path
    local: bool
    debug: bool
    redis_url: str
    database_path: Path
    secret_key: str
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]
    trusted_proxies: Proxies
    worker_concurrency: int
    warm_jails: int
    queue_limit: int


def _flag(env: Mapping[str, str], name: str, default: bool) -> bool:
    raw = env.get(name, "1" if default else "0").strip().lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off", ""}:
        return False
    raise BadSetting(name, raw, "укажите 1 или 0")


def _words(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in env.get(name, "").split(",") if word.strip())


def _whole(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    raw = env.get(name, str(default))
    if not raw.isdigit() or not low <= int(raw) <= high:
        raise BadSetting(name, raw, f"нужно целое число от {low} до {high}")
    return int(raw)


def _proxies(env: Mapping[str, str], name: str) -> Proxies:
    words = _words(env, name)
    if "none" in words and len(words) > 1:
        raise BadSetting(name, env[name], "none значит «прокси нет» и\u00a0стоит одно")
    networks = []
    for word in words:
        if word in {"none", "unix"}:
            continue
        try:
            networks.append(ipaddress.ip_network(word))
        except ValueError:
            raise BadSetting(
                name, word, "нужны адреса или сети прокси через запятую (10.0.0.5, fd00::/8), unix или none"
            ) from None
    return Proxies(tuple(networks), unix="unix" in words, told=bool(words))


def _folder(env: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(env.get(name, "") or default).resolve()
    if not path.is_dir():
        raise BadSetting(name, str(path), "такой папки нет: укажите папку с главами курса")
    return path


def _secret(env: Mapping[str, str], var: Path, local: bool) -> str:
    key = env.get("SECRET_KEY", "")
    if key:
        if len(key) < 50:
            raise BadSetting("SECRET_KEY", "…", "нужно не меньше 50 символов")
        return key
    if not local:
        raise BadSetting("SECRET_KEY", "", "задайте секретный ключ (не меньше 50 символов) или LOCAL=1")
    kept = var / "secret"
    if not kept.exists():
        var.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(64))
    return kept.read_text().strip()


def load(env: Mapping[str, str] = os.environ, *, with_secret: bool = True) -> Environment:
    """Read and check the variables. Raises BadSetting.

    `with_secret=False` is for workers, which must not hold the site's secret.
    """
    var = Path(env.get("POLIGON_VAR", str(ROOT / "var"))).resolve()
    local = _flag(env, "LOCAL", default=False)
    redis_url = env.get("REDIS_URL", f"unix://{var}/valkey.sock")
    if urlsplit(redis_url).scheme not in {"unix", "redis", "rediss"}:
        raise BadSetting("REDIS_URL", redis_url, "нужен адрес вида redis://host:6379/0 или unix:///путь")
    database_url = env.get("DATABASE_URL", f"sqlite:///{var}/db.sqlite3")
    if urlsplit(database_url).scheme != "sqlite" or not urlsplit(database_url).path.strip("/"):
        raise BadSetting("DATABASE_URL", database_url, "нужен адрес вида sqlite:///путь; других баз пока нет")
    return Environment(
        var=var,
        content=_folder(env, "CONTENT_DIR", ROOT / "content"),
        local=local,
        debug=_flag(env, "DEBUG", default=False),
        redis_url=redis_url,
        database_path=Path(urlsplit(database_url).path.replace("//", "/", 1)),
        secret_key=_secret(env, var, local) if with_secret else "",
        allowed_hosts=_words(env, "ALLOWED_HOSTS") or (("localhost", "127.0.0.1", "[::1]") if local else ()),
        csrf_trusted_origins=_words(env, "CSRF_TRUSTED_ORIGINS"),
        trusted_proxies=_proxies(env, "TRUSTED_PROXIES"),
        worker_concurrency=_whole(env, "WORKER_CONCURRENCY", 110, 1, 1000),
        warm_jails=_whole(env, "WARM_JAILS", 4, 0, 200),
        # Runs that may wait in one queue: 110 places and demos of a minute make it three minutes of waiting.
        queue_limit=_whole(env, "QUEUE_LIMIT", 300, 1, 100_000),
    )
