"""The addresses of playbooks."""

from django.urls import path

from windows.playbooks.api.playbooks import Guides, OnePlaybookVersion, Playbooks, PlaybookVersions
from windows.playbooks.views.upload import new_playbook, new_playbook_version

api = [
    path("playbooks", Playbooks.as_view()),
    path("playbooks-for-alert", Guides.as_view()),
    path("playbooks/<slug:slug>/versions", PlaybookVersions.as_view()),
    path("playbooks/<slug:slug>/versions/<int:number>", OnePlaybookVersion.as_view()),
]
pages = [
    path("playbooks/new", new_playbook, name="new-playbook"),
    path("playbooks/<str:slug>/upload", new_playbook_version, name="new-playbook-version"),
]
