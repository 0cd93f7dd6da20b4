"""The flags' addresses in the portal; the flag server has its own."""

from django.urls import path

from windows.flags.api.flags import Flags, History
from windows.flags.api.nodes import ConvergenceView, Nodes, Retire
from windows.flags.views.flags import clear_by_hand, flag_list, flag_page, nodes_panel, set_by_hand
from windows.flags.views.nodes import new_node, retire

api = [
    path("flags", Flags.as_view()),
    path("flags/changes", History.as_view()),
    path("flags/convergence", ConvergenceView.as_view()),
    path("nodes", Nodes.as_view()),
    path("nodes/<int:node_id>/retire", Retire.as_view()),
]
pages = [
    path("flags/", flag_list, name="flags"),
    path("flags/<str:service>/<str:environment>", flag_page, name="flag"),
    path("flags/<str:service>/<str:environment>/nodes", nodes_panel, name="flag-nodes"),
    path("flags/<str:service>/<str:environment>/set", set_by_hand, name="set-flag"),
    path("flags/<str:service>/<str:environment>/clear", clear_by_hand, name="clear-flag"),
    path("flags/<str:service>/<str:environment>/node", new_node, name="new-node"),
    path("nodes/<int:node_id>/retire", retire, name="retire-node"),
]
