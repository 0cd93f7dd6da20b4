"""Peers for pages.py, on the same tables behind the same server: what first versions of the list and of the month page would be.

`/drf/`: a ModelSerializer with the scope nested, prefetched, paged by limit and offset. `/month/`: a plain template of a month's first
400 windows. `/nop/`: a view that answers "ok". No middleware, nobody asked who they are: the peers do less than we do.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

import django
from django.conf import settings

settings.MIDDLEWARE, settings.ROOT_URLCONF = [], __name__
django.setup()

import calendar  # noqa: E402
from datetime import UTC, datetime  # noqa: E402

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.template import Context, Template  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import serializers, viewsets  # noqa: E402
from rest_framework.pagination import LimitOffsetPagination  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402

from windows.scheduling.models import Window, WindowScope  # noqa: E402

MONTH = Template("""<!doctype html><title>{{ month }}</title><table>{% for week in weeks %}<tr>{% for day in week %}<td><b>{{ day.day }}</b>
{% for one in day.windows %}<a href="/windows/{{ one.pk }}" class="{{ one.status }}">{{ one.starts_at|date:"H:i" }} {{ one.title }}
({{ one.team.name }})</a>{% endfor %}</td>{% endfor %}</tr>{% endfor %}</table>""")


class Place(serializers.ModelSerializer):
    service = serializers.CharField(source="service.slug")

    class Meta:
        model = WindowScope
        fields = ("service", "environment", "region", "layer")


class Row(serializers.ModelSerializer):
    reference = serializers.CharField()
    team = serializers.CharField(source="team.slug")
    owner = serializers.CharField(source="owner.name")
    coordinator = serializers.CharField(source="coordinator.name")
    scope = Place(source="scopes", many=True)

    class Meta:
        model = Window
        fields = (
            "id", "reference", "title", "status", "mode", "change_type", "starts_at", "ends_at", "timezone", "team", "owner", "coordinator",
            "confidential", "is_example", "external_ref", "version", "scope",
        )  # fmt: skip


class Pages(LimitOffsetPagination):
    default_limit = 100


class Rows(viewsets.ReadOnlyModelViewSet):
    authentication_classes, permission_classes, renderer_classes, pagination_class = (), (), (JSONRenderer,), Pages
    queryset = (
        Window.objects.select_related("team", "owner", "coordinator").prefetch_related("scopes__service").order_by("-starts_at", "-id")
    )
    serializer_class = Row


def month(request: HttpRequest) -> HttpResponse:
    year, number = int(request.GET["year"]), int(request.GET["month"])
    since, until = datetime(year, number, 1, tzinfo=UTC), datetime(year, number + 1, 1, tzinfo=UTC)
    by_day: dict[int, list[Window]] = {}
    for one in Window.objects.select_related("team").filter(starts_at__lt=until, ends_at__gt=since).order_by("starts_at")[:400]:
        by_day.setdefault(one.starts_at.day, []).append(one)
    weeks = [[{"day": day or "", "windows": by_day.get(day, [])} for day in week] for week in calendar.monthcalendar(year, number)]
    return HttpResponse(MONTH.render(Context({"month": since, "weeks": weeks})))


urlpatterns = [path("drf/", Rows.as_view({"get": "list"})), path("month/", month), path("nop/", lambda request: HttpResponse("ok"))]
application = get_wsgi_application()
