"""The flags' addresses in the portal; the flag server has its own."""

from django.urls import path

from windows.flags.api.flags import Flags, History
from windows.flags.api.nodes import ConvergenceView, Nodes, Retire

api = [
    path("flags", Flags.as_view()),
    path("flags/changes", History.as_view()),
    path("flags/convergence", ConvergenceView.as_view()),
    path("nodes", Nodes.as_view()),
    path("nodes/<int:node_id>/retire", Retire.as_view()),
]
