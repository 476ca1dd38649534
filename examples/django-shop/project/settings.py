"""As little as a project needs."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).parents[1]

SECRET_KEY = os.environ.get("SECRET_KEY", "for trying it out only")
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "project.urls"
INSTALLED_APPS = ["shop"]
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "shop.sqlite3",
        # Who writes begins as a writer, and so never finds that somebody else has written since it first read.
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
        # A file, so that the worker's own connection finds it in tests, too.
        "TEST": {"NAME": BASE_DIR / "shop-test.sqlite3"},
    }
}
