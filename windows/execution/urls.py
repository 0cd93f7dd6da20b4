"""The addresses of runs."""

from django.urls import path

from windows.execution.api.extensions import DecideExtension, Extensions
from windows.execution.api.readiness import AcceptGap
from windows.execution.api.rehearsal_policy import OneRehearsalPolicy
from windows.execution.api.rehearsals import Glass, OneReport, Rehearse
from windows.execution.api.runs import OneRun, Runs, Start
from windows.execution.api.surfaces import AcceptDeviation, Surfaces
from windows.execution.api.verbs import Abort, Attest, Confirm, Hold, Resume, Retry, RollBack, Skip
from windows.execution.views.cockpit import run_list, run_page, run_panel
from windows.execution.views.extending import extend_window, extension_page
from windows.execution.views.readiness import accept_gap_page
from windows.execution.views.rehearsal_policy import rehearsal_policy_page
from windows.execution.views.rehearsals import break_glass_page, rehearse_page, report_page
from windows.execution.views.surfaces import accept_deviation, surfaces_panel
from windows.execution.views.verbs import run_verb, start, step_verb

api = [
    path("windows/<str:reference>/start", Start.as_view()),
    path("windows/<str:reference>/surfaces", Surfaces.as_view()),
    path("windows/<str:reference>/surfaces/<int:surface_id>/accept", AcceptDeviation.as_view()),
    path("windows/<str:reference>/extensions", Extensions.as_view()),
    path("windows/<str:reference>/extensions/<int:extension_id>/decide", DecideExtension.as_view()),
    path("runs", Runs.as_view()),
    path("runs/<int:run_id>", OneRun.as_view()),
    path("rehearsal-policy", OneRehearsalPolicy.as_view()),
    path("windows/<str:reference>/rehearse", Rehearse.as_view()),
    path("windows/<str:reference>/break_glass", Glass.as_view()),
    path("windows/<str:reference>/accept_untagged_telemetry", AcceptGap.as_view()),
    path("runs/<int:run_id>/report", OneReport.as_view()),
    path("runs/<int:run_id>/hold", Hold.as_view()),
    path("runs/<int:run_id>/resume", Resume.as_view()),
    path("runs/<int:run_id>/roll_back", RollBack.as_view()),
    path("runs/<int:run_id>/abort", Abort.as_view()),
    path("runs/<int:run_id>/skip", Skip.as_view()),
    path("runs/<int:run_id>/retry", Retry.as_view()),
    path("runs/<int:run_id>/confirm", Confirm.as_view()),
    path("runs/<int:run_id>/attest", Attest.as_view()),
]
pages = [
    path("windows/<str:reference>/start", start, name="start-run"),
    path("windows/<str:reference>/surfaces", surfaces_panel, name="surfaces"),
    path("windows/<str:reference>/surfaces/<int:surface_id>/accept", accept_deviation, name="accept-deviation"),
    path("windows/<str:reference>/extend", extend_window, name="extend-window"),
    path("windows/<str:reference>/extensions/<int:extension_id>", extension_page, name="extension"),
    path("runs/", run_list, name="runs"),
    path("runs/<int:run_id>", run_page, name="run"),
    path("runs/<int:run_id>/panel", run_panel, name="run-panel"),
    path("runs/<int:run_id>/report", report_page, name="run-report"),
    path("settings/rehearsals/", rehearsal_policy_page, name="rehearsal-policy"),
    path("windows/<str:reference>/rehearse", rehearse_page, name="rehearse"),
    path("windows/<str:reference>/break-glass", break_glass_page, name="break-glass"),
    path("windows/<str:reference>/accept-untagged", accept_gap_page, name="accept-untagged"),
    path("runs/<int:run_id>/<slug:verb>", run_verb, name="run-verb"),
    path("runs/<int:run_id>/steps/<int:position>/<slug:verb>", step_verb, name="step-verb"),
]
