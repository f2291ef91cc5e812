"""Settings of a site with nothing but runs: anybody with the link watches, and a cookie lets one control.

Used by the web processes that these tests start and kill, so that they start in half a second.
"""

from coursesite import environment

ENV = environment.load()
SECRET_KEY = ENV.secret_key
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "sandbox",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.sandbox.life.site"
urlpatterns: list[object] = []
ASGI_APPLICATION = "coursesite.asgi.application"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ENV.database_path,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = ENV.redis_url
TRUSTED_PROXIES = ENV.trusted_proxies
QUEUE_LIMIT = 100
USE_TZ = True
SANDBOX_ACCESS = "tests.sandbox.life.site.run_access"


def run_access(user: object, session: object, run_id: str) -> str | None:
    """Everybody may control whatever exists."""
    from sandbox.models import Run

    return "control" if Run.objects.filter(pk=run_id).exists() else None
