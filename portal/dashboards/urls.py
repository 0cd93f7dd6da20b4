"""The addresses of the boards and of every panel on them."""

from django.urls import path

from portal.dashboards import debug, executive, measures
from portal.dashboards.traces import trace_page
from portal.dashboards.views import (
    debug_page,
    executive_page,
    first_board,
    measures_page,
    on_call_page,
    on_call_panel,
    panel_csv,
    panel_page,
)

PANELS = {"executive": executive.NAMES, "measures": measures.NAMES, "debug": debug.NAMES}
CHARTS = {"executive": executive.CHARTS, "measures": measures.NAMES, "debug": debug.CHARTS}
pages = [
    path("dashboards/", first_board, name="dashboards"),
    path("dashboards/executive/", executive_page, name="executive"),
    path("dashboards/measures/", measures_page, name="measures"),
    path("dashboards/debug/", debug_page, name="debug"),
    path("dashboards/debug/traces/<str:trace_id>", trace_page, name="trace"),
    path("dashboards/on-call/", on_call_page, name="on-call"),
    path("dashboards/on-call/live", on_call_panel, name="on-call-live"),
    *(
        path(f"dashboards/{board}/{name}", panel_page, {"board": board, "name": name}, name=f"{board}-{name}")
        for board, names in PANELS.items()
        for name in names
    ),
    *(
        path(f"dashboards/{board}/{name}.csv", panel_csv, {"board": board, "name": name})
        for board, names in CHARTS.items()
        for name in names
    ),
]
