"""Settings of the project: constants, read once from the environment, loud when wrong.

`manage.py` sets DATABASE_URL, REDIS_URL and (in development) SECRET_KEY before this module is imported, from the
embedded services when nobody set them; a web or worker host sets them itself (see .env.example).
"""

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg2.extensions import parse_dsn

BASE_DIR = Path(__file__).resolve().parent.parent


def required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name} (see .env.example), or start with manage.py.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name, "").lower()
    if value not in {"", "0", "1", "false", "true"}:
        raise ImproperlyConfigured(f"{name} must be 0, 1, false or true, not {value!r}.")
    return default if not value else value in {"1", "true"}


def names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def web_address(url: str) -> str:
    """Where people find this site: "https://crm.example.com", without a slash at its end."""
    if not url.startswith(("http://", "https://")):
        raise ImproperlyConfigured(f"SITE_URL must begin with http:// or https://, not {url!r}.")
    return url.rstrip("/")


def database(url: str) -> dict[str, object]:
    """A PostgreSQL URL as libpq reads it, socket folders (`?host=/path`) and options included."""
    dsn = parse_dsn(url)
    parts = {key: dsn.pop(key, "") for key in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts["dbname"] or "tandem",
        "USER": parts["user"],
        "PASSWORD": parts["password"],
        "HOST": parts["host"],
        "PORT": parts["port"],
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Serial plans without JIT: a page's query takes milliseconds, compiling it takes longer.
        "OPTIONS": {"options": "-c jit=off -c idle_in_transaction_session_timeout=60s", **dsn},
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }


DEBUG = flag("DEBUG")
SECRET_KEY = required("SECRET_KEY")
ALLOWED_HOSTS = names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = names("CSRF_TRUSTED_ORIGINS")

DATABASE_URL = required("DATABASE_URL")
REDIS_URL = required("REDIS_URL")
DATABASES = {"default": database(DATABASE_URL)}
if replica_url := os.environ.get("REPLICA_URL"):
    DATABASES["replica"] = database(replica_url) | {"TEST": {"MIRROR": "default"}}
DATABASE_ROUTERS = ["crm.replica.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "desk",
    "funnel",
    "scoring",
    "feedback",
    "leads",
    "campaigns",
    "crm",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "crm.middleware.ReadableAddressMiddleware",
    "crm.memo.MemoMiddleware",
    "crm.middleware.OrganisationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "crm.middleware.BusinessErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"

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
                "crm.context.organisation",
                "crm.context.bell",
                "leads.context.pipeline_stages",
                "feedback.context.inbox",
            ],
        },
    }
]

# People: e-mail and password through allauth; nobody signs up by himself, an admin invites.
AUTH_USER_MODEL = "crm.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "crm.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
# Failed logins are counted by axes in the database, so that they are still counted while Redis is away.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "crm.accounts.typed_email"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "account/lockout.html"
AXES_VERBOSE = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = flag("SECURE_COOKIES")
# Only then X-Forwarded-Proto and X-Forwarded-For are believed.
BEHIND_PROXY = flag("BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# How links in mails begin.
SITE_URL = web_address(os.environ.get("SITE_URL") or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}")

EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_BACKEND = "crm.smtp.TandemEmailBackend" if EMAIL_HOST else "django.core.mail.backends.console.EmailBackend"
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
# TLS from the first byte (port 465), instead of a connection that turns to TLS (587).
EMAIL_USE_SSL = flag("EMAIL_USE_SSL")
EMAIL_USE_TLS = flag("EMAIL_USE_TLS", default=not EMAIL_USE_SSL)
# A server that hangs holds up one worker for so many seconds.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "tandem@localhost")

# Redis or Valkey is broker and cache. Both may be away: the cache then misses, a publish gives up at once, and the
# sweep of the change outbox (crm/celery.py) finds what was not announced.
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.2, "SOCKET_TIMEOUT": 1, "IGNORE_EXCEPTIONS": True},
    }
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 0.2, "max_retries": 1, "visibility_timeout": 3600}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# In KiB: a worker's process that a training has made larger gives way to a fresh one after it.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 700_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# Who reads the change outbox: modules with apply_changes(changes) and rebuild() (crm/outbox.py).
OUTBOX_CONSUMERS = {
    "scoring": "scoring.rescoring",
    "funnel": "funnel.facts.recompute",
    "attribution": "funnel.attribution.ledger",
    "search": "desk.search.words",
    "automatic": "feedback.automatic",
}

# Who knows what is open of a person's: a module with require_nothing_open(person) (crm/people.py).
OPEN_WORK = "desk.leaving"
# Who counts on fields of one's own: modules with uses_of_field(record, name) (leads/custom_fields.py).
FIELD_USES = ["scoring.field_uses"]
# Who knows the definitions an agreement may name: a module with require_definition(version) and follow_proposal()
# (feedback/agreements.py).
DEFINITIONS = "scoring.definitions"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crm.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "crm.api.pagination.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["crm.api.filters.StrictFilterBackend", "crm.api.filters.StrictOrdering"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "crm.api.schema.TandemSchema",
    "EXCEPTION_HANDLER": "crm.api.problems.problem_response",
    # `format` is a parameter of reports, not of the framework.
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tandem API",
    "DESCRIPTION": "Leads, hand-offs, verdicts and the figures derived from them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Swagger UI from our own server: drf-spectacular-sidecar.
    "SWAGGER_UI_DIST": "SIDECAR",
    # Drawing every operation and body at once takes a browser minutes: each resource opens by itself.
    "SWAGGER_UI_SETTINGS": {
        "docExpansion": "none",
        "defaultModelsExpandDepth": -1,
        "deepLinking": True,
        "filter": True,
    },
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "Channel": "campaigns.models.Channel",
        "AssetKind": "campaigns.models.AssetKind",
        "CampaignKind": "campaigns.models.CampaignKind",
        "CampaignStatus": "campaigns.models.CampaignStatus",
        "TeamKind": "crm.models.Side",
        "Stage": "leads.lifecycle.Stage",
        "Clock": "leads.lifecycle.Clock",
        "TransitionKind": "leads.models.log.TransitionKind",
        "Route": "leads.models.Route",
        "RequestKind": "feedback.models.RequestKind",
        "TouchBy": "leads.models.TouchBy",
        "TouchKind": "leads.models.TouchKind",
        "ActivityKind": "leads.models.ActivityKind",
        "ActivityOutcome": "leads.models.ActivityOutcome",
        "TaskKind": "leads.models.TaskKind",
        "MailState": "crm.models.MailState",
        "NotificationKind": "crm.models.NotificationKind",
        "Role": "crm.models.Role",
        "BuyingRole": "leads.models.BuyingRole",
        "OpportunityKind": "leads.models.DealKind",
        "OpportunityStage": "leads.models.DealStage",
        "Outcome": "leads.models.Outcome",
        "ImportKind": "leads.models.imports.ImportKind",
        "ImportStatus": "leads.models.imports.ImportStatus",
        "SubmissionStatus": "leads.models.SubmissionStatus",
        "HandoffStatus": "feedback.models.HandoffStatus",
        "SignedStatus": "feedback.models.SignedStatus",
        "CustomKind": "leads.models.CustomKind",
        "ModelStatus": "scoring.models.ModelStatus",
    },
}

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [
    BASE_DIR / "static",
    ("vendor/tabler", BASE_DIR / "node_modules/@tabler/core"),
    ("vendor/icons", BASE_DIR / "node_modules/@tabler/icons-webfont"),
    ("vendor/echarts", BASE_DIR / "node_modules/echarts/dist"),
    ("vendor/inter", BASE_DIR / "node_modules/@fontsource-variable/inter"),
]
WHITENOISE_USE_FINDERS = not STATIC_ROOT.is_dir()
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT") or BASE_DIR / "media")
# Files of an import: at most this many bytes are accepted, and never held in memory.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# The longest form is a definition with as many rules and conditions as it may have, each of up to eight fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
IMPORT_MAX_BYTES = 200 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
