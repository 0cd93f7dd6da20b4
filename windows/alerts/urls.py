"""The ledger's addresses."""

from django.urls import path

from windows.alerts.api import Alertmanager

api = [path("alerts/alertmanager", Alertmanager.as_view())]
