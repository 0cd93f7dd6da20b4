"""The check `rehearsed`: what need not be rehearsed, and what may not begin without it. Its ways out: test_execution_rehearsals.py."""

from __future__ import annotations

import pytest

from tests import given_starts
from tests import given_windows as given
from tests.given_starts import answers, started
from windows.access.roles import Role
from windows.actions.gates import Answer
from windows.catalogue.models import Service
from windows.execution.models import Run
from windows.runbooks.commands.versions import upload_runbook
from windows.scheduling.models import Window

window = given_starts.window
pytestmark = pytest.mark.django_db
TEXT = """\
runbook: waits
title: It waits
steps:
  - name: Wait
    wait: {duration: 1s}
"""


def test_n15_where_a_mistake_would_be_grave(window: Window) -> None:
    run = started(window)
    assert answers(run)["rehearsed"].reason.startswith("A manual window")
    version = upload_runbook(given.actor("olga", ("shop", Role.OWNER)), "waits", TEXT, team="shop")
    Run.objects.filter(pk=run.pk).update(runbook_version=version)
    run.refresh_from_db()
    assert answers(run)["rehearsed"].verdict is Answer.PASS, "a service of tier 3"
    Service.objects.filter(slug="orders").update(tier=1)
    assert answers(run)["rehearsed"].verdict is Answer.FAIL
    window.scopes.update(environment="staging")
    assert answers(run)["rehearsed"].verdict is Answer.PASS, "not in production"
