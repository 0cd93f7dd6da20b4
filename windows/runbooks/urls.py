"""The addresses of runbooks."""

from django.urls import path

from windows.runbooks.api.runbooks import Check, OneVersion, Runbooks, Versions
from windows.runbooks.views.upload import new_runbook, new_version

api = [
    path("runbooks", Runbooks.as_view()),
    path("runbooks/check", Check.as_view()),
    path("runbooks/<slug:slug>/versions", Versions.as_view()),
    path("runbooks/<slug:slug>/versions/<int:number>", OneVersion.as_view()),
]
pages = [
    path("runbooks/new", new_runbook, name="new-runbook"),
    path("runbooks/<str:slug>/upload", new_version, name="new-version"),
]
