"""Settings: the same code everywhere, told by environment variables (the table is in README.md).

Locally (`manage.py up`, `manage.py test`) the bootstrap sets them; in production each process refuses to start, by name,
on what is missing or insecure: see portal/checks.py.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from portal.api.document import SPECTACULAR_SETTINGS  # noqa: F401  (Django reads it here)
from portal.defaults import Defaults


def listed(name: str, default: str = "") -> list[str]:
    """A variable that holds several values, separated by commas."""
    return [value.strip() for value in os.environ.get(name, default).split(",") if value.strip()]


BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL = os.environ.get("ROADWORKS_LOCAL") == "1"  # set by the bootstrap only: a loopback portal with an embedded store
DEBUG = False
SECRET_KEY = os.environ.get("SECRET_KEY") or (secrets.token_urlsafe(50) if LOCAL else "")  # `up` keeps one per state folder
ALLOWED_HOSTS = listed("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if LOCAL else "")
PORTAL_URL = os.environ.get("PORTAL_URL", "http://127.0.0.1:8000").rstrip("/")
FLAGS_URL = os.environ.get("FLAGS_URL", "http://127.0.0.1:8001").rstrip("/")
STATUS_PAGE_NAME = os.environ.get("STATUS_PAGE_NAME", "Planned maintenance")
CURRENCY = os.environ.get("CURRENCY", "EUR")
OTLP_URL = os.environ.get("OTLP_URL", os.environ.get("PORTAL_URL", "")).rstrip("/")  # where preflight's canary knocks; empty: nowhere
PROMETHEUS_URL = os.environ.get("PROMETHEUS_URL", "").rstrip("/")
COMMANDS_DIR = Path(os.environ["COMMANDS_DIR"]) if os.environ.get("COMMANDS_DIR") else None  # what `command` steps may run
RUNBOOK_REPOSITORIES = listed("RUNBOOK_REPOSITORIES")  # where runbooks in Git may lie: folders and https addresses
HTTP_ALLOWED_HOSTS = listed("HTTP_ALLOWED_HOSTS")  # what `http` steps and scraped objectives may reach
TRACES_URL = os.environ.get("TRACES_URL", "")  # another product's page of one trace; {trace_id} stands for its id
ALERTMANAGER_URL = os.environ.get("ALERTMANAGER_URL", "")
BALANCERS = {  # HAProxy admin sockets that `traffic` steps may reach, by name: BALANCER_EDGE=unix:///run/haproxy/admin.sock
    name.removeprefix("BALANCER_").lower(): url for name, url in os.environ.items() if name.startswith("BALANCER_")
}
TARGET_DATABASES = {  # what `sql` steps may reach, by name: TARGET_DATABASE_ORDERS=postgresql://…
    name.removeprefix("TARGET_DATABASE_").lower(): url for name, url in os.environ.items() if name.startswith("TARGET_DATABASE_")
}
ROADWORKS = Defaults.from_environ()

INSTALLED_APPS = [
    "portal",
    "portal.api",
    "windows.announcements",
    "windows.reviews",
    "windows.execution",
    "windows.notices",
    "windows.approvals",
    "windows.incidents",
    "windows.signals",
    "windows.scheduling",
    "windows.runbooks",
    "windows.alerts",
    "windows.flags",
    "windows.delivery",
    "windows.live",
    "windows.playbooks",
    "windows.catalogue",
    "windows.audit",
    "slo.objectives",
    "slo.telemetry",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
]
MIDDLEWARE = [
    "portal.middleware.RequestId",
    "portal.api.polled.Polled",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.Actors",
    "portal.pacing.Pacing",
    "portal.api.idempotency.Idempotency",
    "portal.middleware.Errors",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
            ]
        },
    }
]


def database(url: str) -> dict[str, object]:
    """A postgresql:// URL as Django's settings; `?host=/folder` names a unix socket."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "connect_timeout": 3, "application_name": "roadworks"},
    }


DATABASE_URL = os.environ.get("DATABASE_URL") or "postgresql://roadworks@/roadworks"
DATABASES = {"default": database(DATABASE_URL)}
WEB_PATIENCE = {"lock_timeout": "5s", "statement_timeout": "20s"}  # then a page says 503; workers may take longer


def impatient() -> None:
    """A web process waits for no lock and no query as long as it likes: its threads are few, and somebody sits before the page."""
    options = DATABASES["default"]["OPTIONS"]
    assert isinstance(options, dict)
    options["options"] = " ".join([options.get("options", ""), *(f"-c {name}={value}" for name, value in WEB_PATIENCE.items())]).strip()


DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "catalogue.Person"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"

CELERY_BROKER_URL = os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0")

LANGUAGE_CODE = "en-gb"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or BASE_DIR / "staticfiles") if not LOCAL else None  # locally the finders serve
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "portal.plotly_asset.PlotlyFinder",
]
WHITENOISE_USE_FINDERS = LOCAL
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
PLAIN, HASHED = "django.contrib.staticfiles.storage.StaticFilesStorage", "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": PLAIN if LOCAL else HASHED},
}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not LOCAL
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 0 if LOCAL else 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("BEHIND_TLS_PROXY") == "1" else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SELF = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, FLAGS_URL],
        "form-action": [SELF],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_TIMEOUT = 10  # seconds; a silent mail server holds nobody else up for longer
EMAIL_FILE_PATH = os.environ.get("EMAIL_FILE_PATH")
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", "roadworks@localhost")

CSRF_FAILURE_VIEW = "portal.problems.forged"
SESSION_COOKIE_AGE = 14 * 24 * 3600
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")  # what a scraper from another machine must send; without one only loopback may read
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.Schema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.ByActor"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.authentication.SignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["portal.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.StrictJsonParser"],
    "EXCEPTION_HANDLER": "portal.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "portal.logs.RequestIdFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{request_id}]{tags} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
}
