"""Planning's addresses."""

from django.urls import path

from windows.scheduling.api.windows import Cancel, ReadWindow, Windows
from windows.scheduling.views.filing import cancel, discard, new_window
from windows.scheduling.views.windows import window_list

api = [
    path("windows", Windows.as_view()),
    path("windows/<str:reference>", ReadWindow.as_view()),
    path("windows/<str:reference>/cancel", Cancel.as_view()),
]

pages = [
    path("windows/", window_list, name="windows"),
    path("windows/new", new_window, name="new-window"),
    path("windows/<str:reference>/cancel", cancel, name="cancel-window"),
    path("windows/<str:reference>/discard", discard, name="discard-draft"),
]
