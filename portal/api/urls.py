"""The API's root: each slice's resources under /api/v1/, and the description of all of them."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularJSONAPIView

from portal.api.communication import WindowCommunication
from portal.api.ledger import Alerts, OneAlert
from windows.alerts import urls as alerts
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
from windows.signals import urls as signals

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("v1/alerts", Alerts.as_view()),
    path("v1/alerts/<int:alert_id>", OneAlert.as_view()),
    path("v1/windows/<str:reference>/communication", WindowCommunication.as_view()),
    *(
        path("v1/", include(slice.api))
        for slice in (
            *(catalogue, delivery, playbooks, alerts, flags, runbooks, scheduling),
            *(signals, incidents, approvals, execution, reviews, announcements),
        )
    ),
]
