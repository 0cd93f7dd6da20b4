"""The addresses of announcements and of the public page's services."""

from django.urls import path

from windows.announcements.api.announcements import AnnouncementUpdates, OneAnnouncement
from windows.announcements.api.components import Components, OneComponent
from windows.announcements.views.announcing import announce_page, say_page, withdraw_page
from windows.announcements.views.components import component_page, components_page, unpublish_page

api = [
    path("windows/<str:reference>/announcement", OneAnnouncement.as_view()),
    path("windows/<str:reference>/announcement/updates", AnnouncementUpdates.as_view()),
    path("status/components", Components.as_view()),
    path("status/components/<str:service>", OneComponent.as_view()),
]
pages = [
    path("windows/<str:reference>/announce", announce_page, name="announce"),
    path("windows/<str:reference>/announce/say", say_page, name="announce-say"),
    path("windows/<str:reference>/announce/withdraw", withdraw_page, name="announce-withdraw"),
    path("settings/status/", components_page, name="status-components"),
    path("settings/status/<slug:service>", component_page, name="status-component"),
    path("settings/status/<slug:service>/hide", unpublish_page, name="status-hide"),
]
