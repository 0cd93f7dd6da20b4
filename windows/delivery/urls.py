"""The addresses of channels."""

from django.urls import path

from windows.delivery.api import Channels, EndChannel, OneChannel, TryChannel
from windows.delivery.views import channel_list, end_page, try_page

pages = [
    path("settings/channels/", channel_list, name="channels"),
    path("settings/channels/<int:channel_id>/try", try_page, name="try-channel"),
    path("settings/channels/<int:channel_id>/end", end_page, name="end-channel"),
]

api = [
    path("channels", Channels.as_view()),
    path("channels/<int:channel_id>", OneChannel.as_view()),
    path("channels/<int:channel_id>/try", TryChannel.as_view()),
    path("channels/<int:channel_id>/end", EndChannel.as_view()),
]
