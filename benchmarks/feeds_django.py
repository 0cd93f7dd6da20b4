"""Peers for feeds.py, on the same table behind the same server: what first versions of a calendar feed would be.

`/orm.ics`: every event written with icalendar at every request. `/joined.ics`: the stored blocks joined, nothing else. No middleware,
no secret, nobody asked who they are: the peers do less than we do.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

import django
from django.conf import settings

settings.MIDDLEWARE, settings.ROOT_URLCONF = [], __name__
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from icalendar import Calendar, Event  # noqa: E402

from windows.scheduling.models import Window  # noqa: E402

HEAD, END = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//peer//EN\r\n", b"END:VCALENDAR\r\n"


def orm(request: HttpRequest) -> HttpResponse:
    calendar = Calendar()
    calendar.add("prodid", "-//peer//EN")
    calendar.add("version", "2.0")
    for one in Window.objects.select_related("team", "coordinator").order_by("starts_at"):
        event = Event()
        event.add("uid", f"{one.uid}@localhost")
        event.add("dtstamp", one.updated_at)
        event.add("dtstart", one.starts_at)
        event.add("dtend", one.ends_at)
        event.add("summary", f"{one.reference}: {one.title}")
        event.add("description", f"{one.reason}\n{one.team.name}, {one.coordinator.name}")
        event.add("url", f"{settings.PORTAL_URL}/windows/{one.reference}")
        event.add("status", "CONFIRMED")
        event.add("sequence", one.sequence)
        calendar.add_component(event)
    return HttpResponse(calendar.to_ical(), content_type="text/calendar")


def joined(request: HttpRequest) -> HttpResponse:
    blocks = Window.objects.order_by("starts_at").values_list("vevent", flat=True)
    return HttpResponse(b"".join([HEAD, *map(bytes, blocks), END]), content_type="text/calendar")


urlpatterns = [path("orm.ics", orm), path("joined.ics", joined), path("nop/", lambda request: HttpResponse("ok"))]
application = get_wsgi_application()
