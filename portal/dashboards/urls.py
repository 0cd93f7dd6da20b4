"""The addresses of the boards and of every panel on them."""

from django.urls import path

from portal.dashboards import executive
from portal.dashboards.views import executive_page, first_board, panel_csv, panel_page

PANELS = {"executive": executive.NAMES}
pages = [
    path("dashboards/", first_board, name="dashboards"),
    path("dashboards/executive/", executive_page, name="executive"),
    *(
        path(f"dashboards/{board}/{name}", panel_page, {"board": board, "name": name}, name=f"{board}-{name}")
        for board, names in PANELS.items()
        for name in names
    ),
    *(
        path(f"dashboards/{board}/{name}.csv", panel_csv, {"board": board, "name": name})
        for board, names in PANELS.items()
        for name in names
    ),
]
