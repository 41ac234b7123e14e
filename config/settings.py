"""Django's settings, derived from `config.environment`; nothing here reads the environment."""

from __future__ import annotations

from pathlib import Path

from config.broker import redis_url
from config.databases import database
from config.environment import environment
from config.logs import logging_config
from config.origins import allowed_hosts, is_secure, sub_path, trusted_origins
from config.secrets import installation_secrets

ENVIRONMENT = environment()
SECRETS = installation_secrets(ENVIRONMENT.data)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_FOLDER = ENVIRONMENT.data
INSTALLATION_ID = ENVIRONMENT.installation_id or SECRETS.installation_id

SECRET_KEY = ENVIRONMENT.secret_key or SECRETS.secret_key
DEBUG = False
ALLOWED_HOSTS = allowed_hosts(ENVIRONMENT)
FORCE_SCRIPT_NAME = sub_path(ENVIRONMENT) or None
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "config",
    "common",
    "accounts",
    "storage",
    "jobs",
    "designer",
    "datasets",
    "training",
    "inspection",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "common.middleware.RequestContextMiddleware",
    "common.middleware.SecurityHeadersMiddleware",
    "config.frontend.FrontendMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PersonMiddleware",
    "common.middleware.SafeRequestMiddleware",
]

AUTH_USER_MODEL = "accounts.Person"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

DATABASES = {"default": database(ENVIRONMENT)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SESSION_COOKIE_NAME = f"netloom_session_{INSTALLATION_ID}"
SESSION_COOKIE_AGE = ENVIRONMENT.session_days * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = is_secure(ENVIRONMENT)
SESSION_COOKIE_PATH = FORCE_SCRIPT_NAME or "/"
CSRF_COOKIE_NAME = f"netloom_csrf_{INSTALLATION_ID}"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = is_secure(ENVIRONMENT)
CSRF_COOKIE_PATH = FORCE_SCRIPT_NAME or "/"
CSRF_COOKIE_HTTPONLY = True  # the page gets its token from GET /api/session
CSRF_TRUSTED_ORIGINS = trusted_origins(ENVIRONMENT)
if ENVIRONMENT.behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Sent over TLS only, and for this host alone: what else the domain serves is not ours to decide.
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if is_secure(ENVIRONMENT) else 0
X_FRAME_OPTIONS = "DENY"

DATA_UPLOAD_MAX_MEMORY_SIZE = ENVIRONMENT.body_mb * 1024 * 1024
# Nothing is ever parsed as a form; without handlers a multipart body has nowhere to go.
FILE_UPLOAD_HANDLERS: list[str] = []

REDIS_URL = redis_url(ENVIRONMENT)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # channels_redis waits 5 s for a message; redis-py's own timeout, also 5 s, would end
            # every quiet socket.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 30}],
            "prefix": f"netloom-{INSTALLATION_ID}",
            "capacity": 1000,
        },
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
STATIC_URL = "/static/"
WHITENOISE_ROOT = BASE_DIR / "frontend" / "dist"
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/"  # Vite puts a hash of the content into their names
LOGGING = logging_config(ENVIRONMENT)
LOGGING_CONFIG = "logging.config.dictConfig"

SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # SafeRequestMiddleware is the CSRF middleware
    "security.W005",  # HSTS for subdomains, see above
    "security.W008",  # redirecting http to https is the proxy's part
    "security.W021",  # preloading, as W005
]
if not is_secure(ENVIRONMENT):  # one person on 127.0.0.1 has no TLS
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W012", "security.W016"]
