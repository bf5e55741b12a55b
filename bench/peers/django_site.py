"""The Django peers as a WSGI app, and their tables and tokens."""

import os

from django.apps import apps
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.django_settings")
app = get_wsgi_application()


def seed(secrets, tokens):
    """Makes the tables and the tokens, of which `secrets` can be called at both addresses.

    A token of REST framework's own belongs to one person, so there are as many people as tokens.
    """
    call_command("migrate", verbosity=0)
    texts = [*secrets, *(f"{number:040x}" for number in range(tokens - len(secrets)))]
    user = apps.get_model("auth", "User")
    people = user.objects.bulk_create(user(username=f"bob-{number}") for number in range(tokens))
    _seed_drf(people, texts)
    _seed_knox(people, texts)


def _seed_drf(people, texts):
    token = apps.get_model("authtoken", "Token")
    token.objects.bulk_create(token(key=text, user=person) for person, text in zip(people, texts, strict=True))


def _seed_knox(people, texts):
    # Only importable once the apps are ready.
    from knox.crypto import hash_token
    from knox.models import get_expiry
    from knox.settings import CONSTANTS, knox_settings

    token = apps.get_model("knox", "AuthToken")
    token.objects.bulk_create(
        token(
            digest=hash_token(text),
            token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH],
            user=person,
            expiry=get_expiry(knox_settings.TOKEN_TTL),
        )
        for person, text in zip(people, texts, strict=True)
    )
