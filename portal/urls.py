"""Every address of the portal, by slice."""

from django.urls import URLPattern, URLResolver, include, path

from portal.dashboards import urls as dashboards
from portal.metrics.views import metrics
from portal.pages.adjustments import adjustments_page
from portal.pages.alerts import alerts_page
from portal.pages.aside import aside_panel
from portal.pages.audit import audit_csv, audit_page, verify_page
from portal.pages.calendar import calendar_page, calendar_panel
from portal.pages.card import card
from portal.pages.frame import choose_environment, choose_theme
from portal.pages.health import healthz, readyz
from portal.pages.on_call import on_call_people
from portal.pages.playbooks import playbook_history, playbook_list, playbook_page
from portal.pages.readings import readings_csv, readings_page
from portal.pages.request.advice import advice
from portal.pages.request.meaning import saved_meaning, typed_meaning
from portal.pages.request.page import edit_window, new_window, parameters
from portal.pages.request.saving import saving
from portal.pages.runbooks import compare, library, runbook_page
from portal.pages.saved_views import forget_view, saved_view, saved_views
from portal.pages.search import search
from portal.pages.services import service_list, service_page
from portal.pages.settings import defaults, role_table
from portal.pages.sign_in import sign_in, sign_out
from portal.pages.strip import strip_panel
from portal.pages.today import today
from portal.pages.undelivered import send_again_page, undelivered_page
from portal.pages.window.head import window_head
from portal.pages.window.page import window_deviation, window_deviation_csv, window_page
from portal.status.views import status_copy
from windows.announcements import urls as announcements
from windows.approvals import urls as approvals
from windows.catalogue import urls as catalogue
from windows.delivery import urls as delivery
from windows.execution import urls as execution
from windows.flags import urls as flags
from windows.incidents import urls as incidents
from windows.playbooks import urls as playbooks
from windows.reviews import urls as reviews
from windows.runbooks import urls as runbooks
from windows.scheduling import urls as scheduling

handler400, handler403, handler404, handler500 = (
    f"portal.problems.{name}" for name in ("not_understood", "not_allowed", "not_found", "broken")
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("status/", status_copy, name="status"),
    path("status/<path:path>", status_copy),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("", today, name="home"),
    path("today/panel", aside_panel, name="today-panel"),
    path("api/", include("portal.api.urls")),
    path("theme", choose_theme, name="theme"),
    path("environment", choose_environment, name="environment"),
    path("search", search, name="search"),
    path("alerts/", alerts_page, name="alerts"),
    path("on-call/", on_call_people, name="on-call-people"),
    path("audit/", audit_page, name="audit"),
    path("audit/entries.csv", audit_csv, name="audit-csv"),
    path("audit/verify", verify_page, name="audit-verify"),
    path("settings/roles", role_table, name="role-table"),
    path("settings/undelivered/", undelivered_page, name="undelivered"),
    path("settings/undelivered/<int:message_id>/send-again", send_again_page, name="send-again"),
    path("settings/defaults", defaults, name="defaults"),
    path("runs/<int:run_id>/readings", readings_page, name="readings"),
    path("runs/<int:run_id>/readings.csv", readings_csv, name="readings-csv"),
    path("calendar/", calendar_page, name="calendar"),
    path("calendar/panel", calendar_panel, name="calendar-panel"),
    path("calendar/views/", saved_views, name="saved-views"),
    path("calendar/views/<int:saved_view_id>", saved_view, name="saved-view"),
    path("calendar/views/<int:saved_view_id>/delete", forget_view, name="forget-view"),
    path("windows/<str:reference>/card", card, name="card"),
    path("windows/new", new_window, name="new-window"),
    path("windows/saving", saving, name="saving"),
    path("windows/meaning", typed_meaning, name="typed-meaning"),
    path("windows/parameters", parameters, name="parameters"),
    path("windows/advice", advice, name="advice"),
    path("windows/<str:reference>/edit", edit_window, name="edit-window"),
    path("windows/<str:reference>/meaning", saved_meaning, name="meaning"),
    *scheduling.pages,
    *approvals.pages,
    *execution.pages,
    *flags.pages,
    *catalogue.pages,
    *delivery.pages,
    *runbooks.pages,
    *incidents.pages,
    *reviews.pages,
    *announcements.pages,
    *playbooks.pages,
    path("playbooks/", playbook_list, name="playbooks"),
    path("playbooks/<str:slug>", playbook_page, name="playbook"),
    path("playbooks/<str:slug>/versions/<int:number>", playbook_page, name="playbook-version"),
    path("playbooks/<str:slug>/history", playbook_history, name="playbook-history"),
    path("runbooks/", library, name="runbooks"),
    path("runbooks/<str:slug>", runbook_page, name="runbook"),
    path("runbooks/<str:slug>/versions/<int:number>", runbook_page, name="runbook-version"),
    path("runbooks/<str:slug>/compare", compare, name="compare-runbook"),
    path("adjustments/", adjustments_page, name="adjustments"),
    path("services/", service_list, name="services"),
    path("services/<str:slug>", service_page, name="service"),
    *dashboards.pages,
    path("strip", strip_panel, name="strip"),
    path("windows/<str:reference>", window_page, name="window"),
    path("windows/<str:reference>/head", window_head, name="window-head"),
    path("windows/<str:reference>/part/<slug:part>", window_page, name="window-part"),
    path("windows/<str:reference>/deviation", window_deviation, name="window-deviation"),
    path("windows/<str:reference>/deviation.csv", window_deviation_csv),
]
