"""Django's settings, all in one place. What differs between sites comes from the environment or the site's folder.

Two database aliases: `default` is the role ``tonghu_app``, bound by row security, for pages, jobs and commands;
`owner` is ``tonghu_owner``, for migrations alone.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pghistory
from django.utils.translation import gettext_lazy as _

from tonghu.config import environment
from tonghu.platform.database import roles
from tonghu.platform.operations import logs

SITE = environment.home()
SOURCE = Path(__file__).resolve().parent.parent


def _secret_key() -> str:
    """The key that signs sessions and links: made once for a site, kept in its folder, never in the repository."""
    place = SITE / "keys" / "session.key"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = place.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        try:
            place.hardlink_to(fresh)  # the first of two processes wins; nobody replaces a key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return place.read_text()


SECRET_KEY = _secret_key()
#: Prints the keys of sealed fields (a key service); without it they stand in keys/fields.json of the site's folder.
KEY_COMMAND = environment.text("TONGHU_KEY_COMMAND", "")
DEBUG = environment.flag("TONGHU_DEBUG", False)
ALLOWED_HOSTS = environment.words("TONGHU_HOSTS", ("127.0.0.1", "localhost", "[::1]"))
CSRF_TRUSTED_ORIGINS = environment.words("TONGHU_ORIGINS", ())
#: Behind a proxy that ends TLS; a site on loopback (the demo) has none.
HTTPS = environment.flag("TONGHU_HTTPS", False)
#: Says the server's time and the number of SQL statements with every answer; for measuring, not for strangers.
SERVER_TIMING = environment.flag("TONGHU_SERVER_TIMING", False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "tonghu.platform.database",
    "tonghu.platform.operations",
    "tonghu.platform.crypto",
    "tonghu.platform.scope",
    "tonghu.platform.audit",
    "tonghu.platform.components",
    "tonghu.platform.documents",
    "tonghu.platform.web",
    "tonghu.platform.home",
    "tonghu.network",
    "tonghu.platform.accounts",
    "tonghu.platform.jobs",
    "tonghu.platform.trail",
    "tonghu.platform.files",
    "tonghu.platform.notices",
    "tonghu.platform.api",
    "tonghu.patients",
    "tonghu.registry",
    "tonghu.intake",
    "tonghu.surveillance",
]

MIDDLEWARE = [
    "tonghu.platform.operations.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "tonghu.platform.web.security.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tonghu.platform.web.languages.LanguageMiddleware",
    "tonghu.platform.api.middleware.ApiMiddleware",
    "django.middleware.common.CommonMiddleware",
    "tonghu.platform.files.middleware.BodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tonghu.platform.accounts.middleware.ScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tonghu.platform.web.methods.MethodMiddleware",
]

LOGGING = logs.LOGGING

ROOT_URLCONF = "tonghu.config.urls"
WSGI_APPLICATION = "tonghu.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "tonghu.platform.web.context.shell",
            ],
        },
    }
]

_pool: dict[str, Any] = {"OPTIONS": {"application_name": "tonghu", "connect_timeout": 5}, "CONN_HEALTH_CHECKS": True}
DATABASES = {
    "default": roles.django_database(SITE, "app", CONN_MAX_AGE=600, **_pool),
    "owner": roles.django_database(SITE, "owner", TEST={"MIRROR": "default"}),
}
#: The middleware opens one transaction a request together with its scope; see tonghu.platform.scope.
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: History tables: no index but those that the history's pages use, and of a field only what the column needs.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_EXCLUDE_FIELD_KWARGS = {
    "django.db.models.Field": ["choices", "default", "verbose_name", "help_text", "validators", "editable"]
}

AUTH_USER_MODEL = "accounts.Person"
PASSWORD_HASHERS = ["tonghu.platform.accounts.passwords.Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "tonghu.platform.accounts.passwords.PasswordRules"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [SOURCE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i"
FORMAT_MODULE_PATH = ["tonghu.config.formats"]

#: No page reads files out of a request, but those that say so: tonghu.platform.files.upload.
FILE_UPLOAD_HANDLERS: list[str] = []

STATIC_URL = "/static/"
STATIC_ROOT = SITE / "static"
#: Style sheets, scripts and fonts of the front-end packages, put there by tools/frontend.py; see docs/web.md.
FRONTEND = environment.frontend()
STATICFILES_DIRS = [FRONTEND / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "tonghu.platform.web.assets.Storage"},
}

CSRF_FAILURE_VIEW = "tonghu.platform.web.views.expired"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
#: How long a session lasts, in use and idle, is a dated rule: tonghu/platform/accounts/log_in_rules.yaml.
SESSION_ENGINE = "tonghu.platform.accounts.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "tonghu_session"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = environment.text("TONGHU_MAIL_HOST", "localhost")
EMAIL_TIMEOUT = 10
EMAIL_PORT = environment.number("TONGHU_MAIL_PORT", 25)
EMAIL_HOST_USER = environment.text("TONGHU_MAIL_USER", "")
EMAIL_HOST_PASSWORD = environment.text("TONGHU_MAIL_PASSWORD", "")
EMAIL_USE_TLS = environment.flag("TONGHU_MAIL_TLS", False)
#: The site's own address, for links in e-mails; and the adapter of its SMS gateway.
SITE_URL = environment.text("TONGHU_URL", "http://127.0.0.1:8000").rstrip("/")
SMS_PROVIDER = environment.text("TONGHU_SMS", "tonghu.platform.notices.sms.KeepInTable")
DEFAULT_FROM_EMAIL = environment.text("TONGHU_MAIL_FROM", "tonghu@localhost")
