"""Every setting, in one file, from the environment. `.env.example` explains each variable."""

import os
from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from justdriving import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

MODE: str = env.str("JD_MODE", default="development")
PRODUCTION = MODE == "production"
TESTING = "PYTEST_VERSION" in os.environ
TEST_NAME = "jd-test" + os.environ.get("PYTEST_XDIST_WORKER", "")  # they share one Valkey
DEMO: bool = env.bool("JD_DEMO", default=False)
DEBUG: bool = env.bool("DEBUG", default=False)
SITE_URL: str = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")

DEVELOPMENT_KEY = "development-only-" + "0" * 50
SECRET_KEY: str = env.str("SECRET_KEY", default="" if PRODUCTION else DEVELOPMENT_KEY)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])


def _faults_of_production() -> list[str]:
    """What makes this configuration unfit for production, one sentence each."""
    faults = [
        f"{name} is missing"
        for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "SITE_URL")
        if not env.str(name, default="")
    ]
    checks = {
        "SECRET_KEY is shorter than 50 characters": 0 < len(SECRET_KEY) < 50,  # noqa: PLR2004 -- Django's own minimum
        "SECRET_KEY is the development key": SECRET_KEY == DEVELOPMENT_KEY,
        "ALLOWED_HOSTS must not contain *": "*" in ALLOWED_HOSTS,
        "DEBUG must be off": DEBUG,
        "JD_DEMO must be off": DEMO,
        "SITE_URL must begin with https://": not SITE_URL.startswith("https://"),
        "EMAIL_URL is missing": not env.str("EMAIL_URL", default=""),
        "DEFAULT_FROM_EMAIL is missing": not env.str("DEFAULT_FROM_EMAIL", default=""),
    }
    return faults + [fault for fault, present in checks.items() if present]


if MODE not in {"development", "production"}:
    message = f"JD_MODE is {MODE!r}; it must be development or production"
    raise ImproperlyConfigured(message)
if PRODUCTION and (faults := _faults_of_production()):
    raise ImproperlyConfigured("Not fit for production: " + "; ".join(faults))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "template_partials",
    "django_htmx",
    "phonenumber_field",
    "pgtrigger",
    "anymail",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_structlog",
    "justdriving",
    "administration",
    "bookings",
    "finance",
    "learning",
    "notifications",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "administration.middleware.plain_addresses",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "administration.middleware.language_of_the_person",
    "administration.middleware.RefusalsAreAnswers",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "justdriving.urls"
WSGI_APPLICATION = "justdriving.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "justdriving.templatetags.formats",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "justdriving.home.context.shell",
            ],
        },
    }
]


def _database() -> dict[str, Any]:
    """The database of DATABASE_URL, else the embedded one."""
    if env.str("DATABASE_URL", default=""):
        database: dict[str, Any] = env.db("DATABASE_URL")
    else:
        from justdriving.embedded import database_settings  # noqa: PLC0415 -- only when nothing else is named

        database = database_settings(BASE_DIR, purpose="test" if TESTING else "demo")
    if name := env.str("DATABASE_NAME", default=""):
        database["NAME"] = name
    database.setdefault("OPTIONS", {})
    patience = env.str("STATEMENT_TIMEOUT", default="0" if TESTING else "15s")
    session = {
        "lock_timeout": "3s",
        "statement_timeout": patience,
        # Searches over ranges need a plan for what they are asked; see kernel.locks for bookings.
        "plan_cache_mode": "force_custom_plan",
    }
    database["OPTIONS"]["options"] = " ".join(f"-c {key}={one}" for key, one in session.items())
    if env.bool("DB_PREPARED_STATEMENTS", default=True):
        database["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 5}
    if env.bool("DB_POOL", default=False):
        database["OPTIONS"]["pool"] = {"min_size": 2, "max_size": env.int("DB_POOL_SIZE", 10)}
    else:
        database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
        database["CONN_HEALTH_CHECKS"] = True
    return database


def _redis() -> tuple[str, str]:
    """The addresses of the cache and of Celery's broker: REDIS_URL, else the embedded Valkey."""
    if url := env.str("REDIS_URL", default=""):
        return url, env.str("CELERY_BROKER_URL", default=url)
    from justdriving.embedded import redis_urls  # noqa: PLC0415 -- only when nothing else is named

    urls = redis_urls(BASE_DIR, purpose="test" if TESTING else "demo")
    return urls.cache, urls.celery


DATABASES = {"default": _database()}
_cache_url, CELERY_BROKER_URL = _redis()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _cache_url,
        "KEY_PREFIX": env.str("CACHE_PREFIX", default=TEST_NAME if TESTING else "jd"),
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False  # a wake-up is not worth waiting for: beat looks every minute
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default=TEST_NAME if TESTING else "justdriving")
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "deliver-due-messages": {
        "task": "notifications.tasks.deliver_due_messages",
        "schedule": crontab(),
    },
    "expire-holds": {"task": "bookings.tasks.expire_holds", "schedule": crontab()},
    "announce-sick-days": {
        "task": "bookings.tasks.announce_sick_days",
        "schedule": crontab(),
    },
    "fill-vacancies": {"task": "bookings.tasks.fill_vacancies", "schedule": crontab()},
    "generate-sessions": {
        "task": "bookings.tasks.generate_sessions",
        "schedule": crontab(hour="3", minute="10"),
    },
    "settle-pending-payments": {
        "task": "finance.tasks.settle_pending_checkouts",
        "schedule": crontab(minute="*/5"),
    },
    "remind-overdue": {
        "task": "finance.tasks.remind_overdue",
        "schedule": crontab(hour="7", minute="20"),
    },
}

# People
AUTH_USER_MODEL = "administration.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 60 * 60
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
ACCOUNT_ADAPTER = "notifications.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {  # adds to allauth's own
    "register": "20/m/ip,200/d/ip",
    "register_address": "5/h/key",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Just Driving"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION

# Language, zone, numbers
LANGUAGE_CODE = "da"
LANGUAGES = [("da", _("Danish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Copenhagen"
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = "DK"
PHONENUMBER_DB_FORMAT = "E164"

# Files
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = BASE_DIR / "var" / "media"

# What the browser may do
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF, "https://checkout.stripe.com"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
# Behind a proxy its word is the visitor's scheme and address; else headers anyone can send count
# for nothing. Rate limits, consents and signatures go by that address.
BEHIND_PROXY = PRODUCTION and env.bool("BEHIND_PROXY", default=True)
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# What leaves the building
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="Just Driving <no-reply@localhost>")
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default=EMAIL_CONFIG["EMAIL_BACKEND"])
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST", "")
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
TWILIO_ACCOUNT_SID: str = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN: str = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM: str = env.str("TWILIO_FROM", default="")
TWILIO_API_BASE: str = env.str("TWILIO_API_BASE", default="")
TWILIO_IS_KNOWN = bool(TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and TWILIO_FROM)
MESSAGE_LEASE_SECONDS: int = env.int("MESSAGE_LEASE_SECONDS", default=120)


def _message_channels() -> dict[str, str]:
    """How each kind of message leaves: for real only where an account is named."""
    if DEMO:
        demo = "notifications.channels.demo"
        return {"email": f"{demo}.Demo", "sms": f"{demo}.DemoSms"}
    console = "notifications.channels.console.Console"
    has_email = bool(env.str("EMAIL_URL", default="") or env.str("EMAIL_BACKEND", default=""))
    channels = {"email": "notifications.channels.email.Email" if has_email else console}
    if TWILIO_IS_KNOWN or not PRODUCTION:
        channels["sms"] = "notifications.channels.sms.Sms" if TWILIO_IS_KNOWN else console
    return channels


MESSAGE_CHANNELS = _message_channels()
STRIPE_SECRET_KEY: str = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET: str = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE: str = env.str("STRIPE_API_BASE", default="")

# The questions that bookings asks upwards (see justdriving.kernel.ports)
BOOKING_RULES = [
    "bookings.rules.SchoolIsActive",
    "bookings.rules.SchoolIsOpen",
    "bookings.rules.WithinOpeningHours",
    "bookings.rules.NotInThePast",
    "bookings.rules.NoticeGiven",
    "bookings.rules.WithinBookingWindow",
    "bookings.rules.TeacherTeachesThis",
    "bookings.rules.TeacherIsAvailable",
    "bookings.rules.TeacherIsFree",
    "bookings.rules.TeacherDayNotFull",
    "bookings.rules.StudentIsFree",
    "bookings.rules.OpenBookingsLimited",
    "bookings.rules.BookingsThatDayLimited",
    "bookings.rules.BookingsThatWeekLimited",
    "bookings.rules.WithinDailyCaps",
    "bookings.rules.StudentsAreEligible",
    "bookings.rules.ResourcesSuit",
    "bookings.rules.ResourcesAreInDate",
    "bookings.rules.ResourcesAreFree",
    "bookings.rules.WithinVenueQuota",
    "finance.rules.WithinDebtLimit",
    "learning.rules.PrerequisitesDone",
]
BOOKING_PRICING = "finance.pricing.CataloguePricing"
FINANCE_LETTERS = "notifications.queries.LettersAboutMoney"
BOOKING_STAGES = "learning.stages.PlanStages"
SCHOOL_OFFERS = "justdriving.home.public.CatalogueOffers"

# Logs: JSON in production, readable elsewhere; never personal data, always the request's id
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOGGING = logs.configuration(json=PRODUCTION, level=env.str("LOG_LEVEL", default="INFO"))
