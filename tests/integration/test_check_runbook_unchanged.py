"""The check `runbook_unchanged`: it asks the bytes."""

from __future__ import annotations

import hashlib

import pytest

from tests import given_starts
from tests.given_starts import answers, started
from windows.actions.gates import Answer
from windows.runbooks.models import Runbook, RunbookVersion
from windows.scheduling.models import Window

window = given_starts.window
pytestmark = pytest.mark.django_db


def test_runbook_unchanged_asks_the_bytes(window: Window) -> None:
    run = started(window)
    text = "runbook: x"
    book = Runbook.objects.create(slug="x", title="X", team="shop")
    sound = RunbookVersion.objects.create(runbook=book, number=1, digest=hashlib.sha256(text.encode()).hexdigest(), source=text)
    drifted = RunbookVersion.objects.create(runbook=book, number=2, digest="0" * 64, source=text)
    for pinned, copied, verdict in [(sound, sound, Answer.PASS), (drifted, drifted, Answer.FAIL), (sound, None, Answer.FAIL)]:
        run.window.runbook_version, run.runbook_version = pinned, copied
        assert answers(run)["runbook_unchanged"].verdict is verdict
