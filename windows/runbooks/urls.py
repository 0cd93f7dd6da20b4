"""The addresses of runbooks."""

from django.urls import path

from windows.runbooks.api.runbooks import Check, OneVersion, Runbooks, Versions
from windows.runbooks.api.sources import OneSource, Pull, Sources
from windows.runbooks.views.schema import runbook_schema
from windows.runbooks.views.sources import git_page, git_pull, git_remove
from windows.runbooks.views.upload import new_runbook, new_version

api = [
    path("runbooks", Runbooks.as_view()),
    path("runbooks/check", Check.as_view()),
    path("runbooks/sources", Sources.as_view()),
    path("runbooks/sources/<int:repository_id>", OneSource.as_view()),
    path("runbooks/sources/<int:repository_id>/pull", Pull.as_view()),
    path("runbooks/<slug:slug>/versions", Versions.as_view()),
    path("runbooks/<slug:slug>/versions/<int:number>", OneVersion.as_view()),
]
pages = [
    path("schemas/runbook.json", runbook_schema, name="runbook-schema"),
    path("runbooks/new", new_runbook, name="new-runbook"),
    path("runbooks/git", git_page, name="runbook-sources"),
    path("runbooks/git/<int:repository_id>/pull", git_pull, name="pull-source"),
    path("runbooks/git/<int:repository_id>/remove", git_remove, name="remove-source"),
    path("runbooks/<str:slug>/upload", new_version, name="new-version"),
]
