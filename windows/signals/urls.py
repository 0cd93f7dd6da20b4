"""Where exporters send, with `$PORTAL/api` as their endpoint."""

from django.urls import path

from windows.signals.api import Logs, Metrics, Traces

api = [
    path("traces", Traces.as_view()),
    path("logs", Logs.as_view()),
    path("metrics", Metrics.as_view()),
]
