"""Rotations of django-oauth-toolkit on SQLite, in process through Django's test client.

For each number that is read it makes so many of them, and writes the nanoseconds that they took.

    python rotate.py DATABASE
"""

import datetime
import secrets
import sys
import time
import uuid

import django
from django.conf import settings

PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1], "OPTIONS": {"init_command": PRAGMAS}}
SECRET = secrets.token_hex(16)

settings.configure(
    SECRET_KEY=secrets.token_hex(25),
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    MIDDLEWARE=[],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": DATABASE},
    OAUTH2_PROVIDER={"REFRESH_TOKEN_REUSE_PROTECTION": True, "SCOPES": {"api": "api"}, "PKCE_REQUIRED": False},
)
django.setup()

# What follows needs the settings.
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]


def first() -> str:
    """The first refresh token of a user."""
    call_command("migrate", verbosity=0)
    user = User.objects.create(username="ada")
    application = Application.objects.create(
        name="web",
        client_id="web",
        client_secret=SECRET,
        hash_client_secret=False,
        user=user,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris="http://localhost/cb",
    )
    expires = timezone.now() + datetime.timedelta(hours=1)
    of_user = {"user": user, "application": application}
    access = AccessToken.objects.create(**of_user, token=secrets.token_hex(16), scope="api", expires=expires)
    family = uuid.uuid4()
    token = secrets.token_hex(16)
    return RefreshToken.objects.create(**of_user, token=token, access_token=access, token_family=family).token


def rotate(client: Client, token: str) -> str:
    form = {"grant_type": "refresh_token", "client_id": "web", "client_secret": SECRET, "refresh_token": token}
    answer = client.post("/o/token/", form)
    return answer.json()["refresh_token"]


def main() -> None:
    client, token = Client(), first()
    for line in sys.stdin:
        begun = time.perf_counter_ns()
        for _ in range(int(line)):
            token = rotate(client, token)
        print(time.perf_counter_ns() - begun, flush=True)


if __name__ == "__main__":
    # Its own address of views is this module.
    sys.modules.setdefault("rotate", sys.modules["__main__"])
    main()
