"""A peer: the TokenAuthentication that Django REST framework brings along. One plaintext token for each user."""

import secrets

from django.core.wsgi import get_wsgi_application

from bench.apps import django_site

django_site.set_up("rest_framework.authentication.TokenAuthentication", "rest_framework.authtoken")
application = get_wsgi_application()


def fill(count: int) -> list[str]:
    """Makes the tables with `count` users and their tokens, and returns those."""
    # Models can be imported only once Django is set up.
    from rest_framework.authtoken.models import Token

    users = django_site.make_users(count * django_site.ON_ONE_USER)
    made = [secrets.token_hex(20) for _ in range(count)]
    Token.objects.bulk_create([Token(key=key, user=user) for key, user in zip(made, users, strict=False)])
    return made
