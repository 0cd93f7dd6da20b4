"""The addresses of channels."""

from django.urls import path

from windows.delivery.views import channel_list, end_page, try_page

pages = [
    path("settings/channels/", channel_list, name="channels"),
    path("settings/channels/<int:channel_id>/try", try_page, name="try-channel"),
    path("settings/channels/<int:channel_id>/end", end_page, name="end-channel"),
]
