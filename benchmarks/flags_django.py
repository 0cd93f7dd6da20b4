"""A peer for flags_read.py: what a first version of the flag endpoint would be, a Django view over the table."""

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

url = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="benchmark",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["windows.flags"],
    MIDDLEWARE=["django.middleware.http.ConditionalGetMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": unquote(url.path[1:]), "USER": url.username or "",
            "HOST": dict(parse_qsl(url.query)).get("host", url.hostname), "CONN_MAX_AGE": 600,
        }
    },
)  # fmt: skip

import django  # noqa: E402

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

from windows.flags.models import Flag  # noqa: E402

FIELDS = ["target", "environment", "region", "layer", "component", "mode", "version", "global_version", "window", "payload"]


def flags(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"flags": list(Flag.objects.values(*FIELDS))})


urlpatterns = [path("flags", flags)]
application = get_wsgi_application()
