"""Planning's addresses."""

from django.urls import path

from windows.scheduling.api.windows import Cancel, ReadWindow, Windows

api = [
    path("windows", Windows.as_view()),
    path("windows/<str:reference>", ReadWindow.as_view()),
    path("windows/<str:reference>/cancel", Cancel.as_view()),
]
