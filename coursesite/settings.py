"""Django settings: wiring only. Values that vary come from `coursesite.environment`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from whitenoise.compress import Compressor

from coursesite import environment

BASE_DIR = environment.ROOT
ENV = environment.load()
VAR = ENV.var

SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
LOCAL = ENV.local
ALLOWED_HOSTS = list(ENV.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(ENV.csrf_trusted_origins)
TRUSTED_PROXIES = ENV.trusted_proxies  # read by coursesite.proxies; nothing else looks at forwarded headers

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "allauth",
    "allauth.account",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "classroom",
    "lessons",
    "sandbox",
    "coursesite",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "coursesite.urls"
ASGI_APPLICATION = "coursesite.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# WAL and IMMEDIATE took "database is locked" from 624 in 1,800 transactions to none (measured).
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
QUEUE_LIMIT = ENV.queue_limit
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

LANGUAGE_CODE = "ru"
TIME_ZONE = "Europe/Moscow"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"  # served by coursesite.staticlayer, in front of Django
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "coursesite.staticfiles.ModuleManifestStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]

AUTH_USER_MODEL = "classroom.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "classroom.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FORM_CLASS = "classroom.forms.SignupDetails"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Полигон: "
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
EMAIL_BACKEND = (
    "classroom.mail.DevelopmentBackend" if LOCAL else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_FILE_PATH = VAR / "mail"
DEFAULT_FROM_EMAIL = "Полигон <noreply@poligon.example>"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "lessons.api.auth.SiteSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["lessons.api.parsers.Json"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {"token": "20/min", "write": "120/min", "read": "600/min"},
    "EXCEPTION_HANDLER": "lessons.api.errors.handler",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Полигон: API",
    "DESCRIPTION": "Курс, прогоны, решения и вердикты. Тот же интерфейс использует сам сайт.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "GradingState": "lessons.models.work.Grading",
        "CaseState": "lessons.api.serializers.CASE_STATES",
    },
}

SANDBOX_ACCESS = "lessons.access.run_access"
CONTENT_DIR = ENV.content

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL
SESSION_COOKIE_AGE = 180 * 24 * 3600  # s: a guest's drafts hang on their session
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "lessons.api.errors.csrf_failure"
# TLS ends at the proxy, which redirects and says HSTS; the others are told in Russian by coursesite.checks.
SILENCED_SYSTEM_CHECKS = [f"security.W{n}" for n in ("004", "008", "009", "018", "020")]
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024

UNFOLD = {
    "SITE_TITLE": "Полигон: преподавателям",
    "SITE_HEADER": "Полигон",
    "SITE_SUBHEADER": "Преподавателям",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "DASHBOARD_CALLBACK": "classroom.dashboard.callback",
    "STYLES": [lambda request: static("admin.css")],
    "COLORS": {
        "primary": {  # the site's blue, from light to dark
            str(step): f"oklch({light}% {chroma} 255)"
            for step, light, chroma in [
                (50, 97, 0.015),
                (100, 94, 0.03),
                (200, 88, 0.06),
                (300, 80, 0.1),
                (400, 70, 0.13),
                (500, 60, 0.15),
                (600, 49, 0.15),
                (700, 43, 0.13),
                (800, 37, 0.11),
                (900, 31, 0.09),
                (950, 22, 0.06),
            ]
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": "Курс",
                "items": [
                    {"title": "Обзор", "icon": "dashboard", "link": reverse_lazy("admin:index")},
                    {
                        "title": "Прогоны",
                        "icon": "play_circle",
                        "link": reverse_lazy("admin:lessons_lessonrun_changelist"),
                    },
                    {
                        "title": "Решения",
                        "icon": "assignment",
                        "link": reverse_lazy("admin:lessons_submission_changelist"),
                    },
                    {
                        "title": "Уроки",
                        "icon": "menu_book",
                        "link": reverse_lazy("admin:lessons_lesson_changelist"),
                    },
                    {
                        "title": "Люди",
                        "icon": "group",
                        "link": reverse_lazy("admin:classroom_user_changelist"),
                    },
                ],
            }
        ],
    },
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"plain_refusals": {"()": "coursesite.logs.PlainRefusals"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["plain_refusals"]}
    },
    "root": {"handlers": ["console"], "level": "INFO" if LOCAL else "WARNING"},
}
