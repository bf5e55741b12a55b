"""A peer: django-rest-knox with its defaults."""

from django.core.wsgi import get_wsgi_application

from bench.apps import django_site

django_site.set_up("knox.auth.TokenAuthentication", "knox")
application = get_wsgi_application()


def fill(count: int) -> list[str]:
    """Makes the tables with `count` tokens and returns the secrets."""
    # Models can be imported only once Django is set up.
    from django.db import transaction
    from knox.models import get_token_model

    users = django_site.make_users(count)
    with transaction.atomic():
        return [
            get_token_model().objects.create(user=users[number // django_site.ON_ONE_USER])[1]
            for number in range(count)
        ]
