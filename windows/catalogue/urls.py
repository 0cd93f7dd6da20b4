"""The catalogue's addresses."""

from django.urls import path

from windows.catalogue.api.objectives import Budgets, Measurements, Objectives, OneObjective
from windows.catalogue.api.openslo import Documents, OneDocument
from windows.catalogue.api.people import Disabled, Enabled, Me, MyPassword, People
from windows.catalogue.api.places import Environments, Regions
from windows.catalogue.api.redundancy import OneRedundancyGroup, OneRegionPair, RedundancyGroups, RegionPairs
from windows.catalogue.api.services import Dependencies, HandOver, OneDependency, OneService, Places, Services
from windows.catalogue.api.teams import Members, OneMember, OneTeam, Teams
from windows.catalogue.api.tokens import OneToken, Tokens
from windows.catalogue.views.account import account, end_all, password, revoke, tokens
from windows.catalogue.views.objectives import edit_objective, new_objective
from windows.catalogue.views.openslo import objective_file, upload_objectives
from windows.catalogue.views.people import close, new_person, open_again, people
from windows.catalogue.views.places import place_list
from windows.catalogue.views.services import dependencies, edit, hand_over, new, places
from windows.catalogue.views.teams import new_team, take_role, team_list, team_page

api = [
    path("me", Me.as_view()),
    path("me/password", MyPassword.as_view()),
    path("teams", Teams.as_view()),
    path("teams/<slug:slug>", OneTeam.as_view()),
    path("teams/<slug:slug>/members", Members.as_view()),
    path("teams/<slug:slug>/members/<int:person_id>/<slug:role>", OneMember.as_view()),
    path("people", People.as_view()),
    path("people/<int:person_id>/disable", Disabled.as_view()),
    path("people/<int:person_id>/enable", Enabled.as_view()),
    path("services", Services.as_view()),
    path("services/<slug:slug>", OneService.as_view()),
    path("services/<slug:slug>/hand_over", HandOver.as_view()),
    path("services/<slug:slug>/deployments", Places.as_view()),
    path("services/<slug:slug>/dependencies", Dependencies.as_view()),
    path("services/<slug:slug>/dependencies/<slug:depends_on>", OneDependency.as_view()),
    path("environments", Environments.as_view()),
    path("regions", Regions.as_view()),
    path("redundancy-groups", RedundancyGroups.as_view()),
    path("redundancy-groups/<slug:slug>", OneRedundancyGroup.as_view()),
    path("region-pairs", RegionPairs.as_view()),
    path("region-pairs/<slug:one>/<slug:other>", OneRegionPair.as_view()),
    path("objectives", Objectives.as_view()),
    path("objectives/<slug:slug>", OneObjective.as_view()),
    path("objectives/<slug:slug>/budget", Budgets.as_view()),
    path("objectives/<slug:slug>/openslo", OneDocument.as_view()),
    path("openslo", Documents.as_view()),
    path("objectives/<slug:slug>/measurements", Measurements.as_view()),
    path("tokens", Tokens.as_view()),
    path("tokens/<int:token_id>", OneToken.as_view()),
]
pages = [
    path("settings/", account, name="settings"),
    path("settings/password", password, name="password"),
    path("settings/tokens/", tokens, name="tokens"),
    path("settings/tokens/<int:token_id>/revoke", revoke, name="revoke-token"),
    path("settings/sessions/end", end_all, name="end-sessions"),
    path("settings/places/", place_list, name="places"),
    path("settings/people/", people, name="people"),
    path("settings/people/new", new_person, name="new-person"),
    path("settings/people/<int:person_id>/close", close, name="close-account"),
    path("settings/people/<int:person_id>/open", open_again, name="open-account"),
    path("services/new", new, name="new-service"),
    path("services/<str:slug>/edit", edit, name="edit-service"),
    path("services/<str:slug>/places", places, name="service-places"),
    path("services/<str:slug>/dependencies", dependencies, name="service-dependencies"),
    path("services/<str:slug>/hand-over", hand_over, name="hand-over-service"),
    path("services/<str:slug>/objectives/new", new_objective, name="new-objective"),
    path("objectives/upload", upload_objectives, name="upload-objectives"),
    path("objectives/<str:slug>/edit", edit_objective, name="edit-objective"),
    path("objectives/<str:slug>/openslo.yaml", objective_file, name="objective-file"),
    path("teams/", team_list, name="teams"),
    path("teams/new", new_team, name="new-team"),
    path("teams/<str:slug>", team_page, name="team"),
    path("teams/<str:slug>/members/<int:person_id>/<str:role>/take", take_role, name="take-role"),
]
