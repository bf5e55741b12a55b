"""What both Django peers share: settings without middleware, connections that stay open, a view that says who calls."""

import os
from typing import TYPE_CHECKING

import django
from django.conf import settings

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

ON_ONE_USER = 100


def set_up(authentication: str, *apps: str) -> None:
    """Configures Django, as its documentation says to, with one way to sign in and nothing that costs time."""
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="only-for-measuring-0123456789-abcdefghij",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.environ["BENCH_DATABASE"],
                "CONN_MAX_AGE": None,
                "OPTIONS": {"timeout": 30, "init_command": "PRAGMA journal_mode = WAL"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", *apps],
        MIDDLEWARE=[],
        ROOT_URLCONF="bench.apps.django_urls",
        USE_TZ=True,
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [authentication],
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        },
    )
    django.setup()


def make_users(count: int) -> "list[AbstractBaseUser]":
    """Makes the tables, and as many users as `count` tokens belong to."""
    # Models can be imported only once Django is set up.
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    users = get_user_model().objects
    users.bulk_create([users.model(username=f"user{number}") for number in range(count // ON_ONE_USER + 1)])
    return list(users.order_by("id"))
