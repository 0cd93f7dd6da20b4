"""The addresses of runbooks."""

from django.urls import path

from windows.runbooks.api.runbooks import Check, OneVersion, Runbooks, Versions

api = [
    path("runbooks", Runbooks.as_view()),
    path("runbooks/check", Check.as_view()),
    path("runbooks/<slug:slug>/versions", Versions.as_view()),
    path("runbooks/<slug:slug>/versions/<int:number>", OneVersion.as_view()),
]
