"""Uploading runbooks: versions by digest, who may, what differs."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from tests import given_windows as given
from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.runbooks import queries
from windows.runbooks.commands import upload_runbook
from windows.runbooks.models import RunbookVersion
from windows.runbooks.spec import SpecError

TEXT = """\
runbook: tidy
title: Tidy up
steps:
  - name: Wait
    wait: {duration: 1s}
"""


@pytest.fixture
def ada(db: None):
    return given.actor("ada", ("shop", Role.MEMBER))


def test_the_same_text_is_the_same_version(ada) -> None:
    first = upload_runbook(ada, "tidy", TEXT, team="shop")
    again = upload_runbook(ada, "tidy", TEXT)
    second = upload_runbook(ada, "tidy", TEXT.replace("1s", "2s").replace("Tidy up", "Tidy"))
    assert again == first
    assert [v.number for v in queries.versions("tidy")] == [2, 1]
    assert queries.version("tidy") == second
    assert queries.version("tidy", 1) == first
    assert queries.runbook("tidy").title == "Tidy"
    assert [row.versions for row in queries.runbooks(containing="tid")] == [2]
    assert AuditEntry.objects.filter(kind="runbook.version_added").count() == 2
    assert queries.spec_of(second).steps[0].action.params == {"duration": "2s"}
    diff = queries.difference(first, second).splitlines()
    assert diff[:2] == ["--- tidy v1", "+++ tidy v2"]
    assert "-    wait: {duration: 1s}" in diff


def test_a_bad_text_leaves_nothing_behind(ada) -> None:
    with pytest.raises(SpecError) as error:
        upload_runbook(ada, "tidy", TEXT.replace("wait:", "wayt:"), team="shop")
    assert error.value.line == 5
    assert error.value.facts["errors"][0]["column"] == 5
    with pytest.raises(SpecError, match="calls itself"):
        upload_runbook(ada, "other", TEXT, team="shop")
    assert not queries.runbooks()


def test_who_may(ada) -> None:
    with pytest.raises(Invalid, match="which team"):
        upload_runbook(ada, "tidy", TEXT)
    with pytest.raises(Forbidden):
        upload_runbook(ada, "tidy", TEXT, team="payments")
    upload_runbook(ada, "tidy", TEXT, team="shop")
    with pytest.raises(Forbidden):
        upload_runbook(given.actor("eve", ("payments", Role.OWNER)), "tidy", TEXT.replace("1s", "3s"), team="payments")
    with pytest.raises(Forbidden):
        upload_runbook(given.actor("vic", ("shop", Role.VIEWER)), "tidy", TEXT.replace("1s", "3s"))


def test_a_version_never_changes(ada) -> None:
    version = upload_runbook(ada, "tidy", TEXT, team="shop")
    with pytest.raises(IntegrityError), transaction.atomic():
        RunbookVersion.objects.filter(pk=version.pk).update(source="x")


def test_what_is_not_there(ada) -> None:
    for ask in (
        lambda: queries.runbook("tidy"),
        lambda: queries.versions("tidy"),
        lambda: queries.version("tidy"),
        lambda: queries.version("tidy", 3),
    ):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.django_db(transaction=True)
def test_many_uploads_at_once_make_one_row_of_versions() -> None:
    ada = given.actor("ada", ("shop", Role.MEMBER))
    barrier, troubles = threading.Barrier(5), []

    def upload(n: int) -> None:
        try:
            barrier.wait()
            upload_runbook(ada, "tidy", TEXT.replace("1s", f"{n % 3 + 1}s"), team="shop")
        except Conflict as conflict:
            troubles.append(conflict)
        finally:
            connection.close()

    threads = [threading.Thread(target=upload, args=[n]) for n in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not troubles
    assert [v.number for v in queries.versions("tidy")] == [3, 2, 1]
