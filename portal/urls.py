"""Every address of the portal, by slice."""

from django.urls import URLPattern, URLResolver, include, path

from portal.dashboards import urls as dashboards
from portal.metrics.views import metrics
from portal.pages.calendar import calendar_page, calendar_panel
from portal.pages.card import card
from portal.pages.health import healthz, readyz
from portal.pages.sign_in import sign_in, sign_out
from portal.pages.strip import strip_panel
from portal.pages.today import today
from portal.pages.window import window_page
from windows.approvals import urls as approvals
from windows.execution import urls as execution
from windows.scheduling import urls as scheduling

handler400, handler403, handler404, handler500 = (
    f"portal.problems.{name}" for name in ("not_understood", "not_allowed", "not_found", "broken")
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("", today, name="home"),
    path("api/", include("portal.api.urls")),
    path("calendar/", calendar_page, name="calendar"),
    path("calendar/panel", calendar_panel, name="calendar-panel"),
    path("windows/<str:reference>/card", card, name="card"),
    *scheduling.pages,
    *approvals.pages,
    *execution.pages,
    *dashboards.pages,
    path("strip", strip_panel, name="strip"),
    path("windows/<str:reference>", window_page, name="window"),
]
