"""Django's settings, built from Config alone. FLAMEBLUE_CONFIG names the TOML file."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flameblue import config as configuration
from flameblue.domain.errors import BadInput

CONFIG = configuration.from_environment(os.environ)


def _secret(name: str) -> str:
    """A secret of this installation, made at its first start and kept in its data folder."""
    path = CONFIG.data / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        draft.chmod(0o600)
        _sync(draft)
        try:
            os.link(draft, path)  # never replaces one that another process has just made
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        _sync(path.parent)
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise BadInput(f"The secret {path} is empty. Put it back from a backup, or remove it for a new one.")
    return secret


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _database() -> dict[str, Any]:
    if not CONFIG.database_url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": CONFIG.data / "flameblue.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            },
        }
    url = urlsplit(CONFIG.database_url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
    }


SECRET_KEY = _secret(configuration.SECRET_FILE)
CREDENTIAL_KEY = _secret("credential_key")
DEBUG = False
ALLOWED_HOSTS = list(CONFIG.web.allowed_hosts)
INSTALLED_APPS = [
    "flameblue.web",  # first: its templates stand before Django's
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "flameblue.fleet",
    "flameblue.people",
    "flameblue.cases",
    "flameblue.inspections",
    "flameblue.commissioning",
    "flameblue.notices",
    "flameblue.uplink",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "flameblue.web.compression.PagesMiddleware",
    "flameblue.web.compression.FilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "flameblue.web.access.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "flameblue.web.urls"
ASGI_APPLICATION = "flameblue.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "flameblue.web.access.context",
            ],
        },
    }
]
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "board"
LANGUAGE_CODE = CONFIG.language
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [Path(__file__).parent / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = None  # served from where the files are: nothing is collected
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
