"""Runbooks from a real Git repository: pulled as data, kept as versions, and a window whose file moved on is not started [F9]."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import given_starts
from tests import given_windows as given
from tests.callers import browser
from tests.given_repositories import TEXT, commit, git, needs_git, repository
from tests.given_starts import answers, started
from windows.access.roles import Role
from windows.actions.gates import Answer
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid
from windows.execution.models import StepRun, clock
from windows.runbooks import queries, tasks
from windows.runbooks.commands import digest_of, sources, upload_runbook
from windows.runbooks.commands.sources import add_source, claim_due, pull_source, remove_source
from windows.runbooks.models import RunbookSource, RunbookVersion
from windows.runbooks.repository import PullFailed, allowed, pull
from windows.runbooks.tasks import reconcile
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.many import newest
from windows.scheduling.models import Window
from windows.scheduling.queries.choices import choices_for
from windows.scheduling.queries.templates import change_template

window = given_starts.window
pytestmark = [pytest.mark.django_db, needs_git]


@pytest.fixture
def repo(tmp_path: Path, settings) -> Path:
    settings.RUNBOOK_REPOSITORIES = [str(tmp_path)]
    return repository(tmp_path / "books")


@pytest.fixture
def ada():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def test_each_commit_is_a_version_with_its_origin(ada, repo: Path) -> None:
    first = commit(repo, {"ops/pause.yaml": TEXT, "ops/bad.yaml": "runbook: [", "README.md": "no", "elsewhere.yaml": TEXT})
    row = add_source(ada, str(repo), team="shop", folder="ops")
    assert claim_due() == row.pk and claim_due() is None, "one caller has it"
    row = pull_source(row.pk)
    assert (row.commit, row.trouble) == (first, "") and row.pulled_at
    version = queries.version("pause")
    assert (version.repository, version.path, version.commit, version.digest) == (str(repo), "ops/pause.yaml", first, digest_of(TEXT))
    files = {file.path: file for file in row.files.all()}
    assert set(files) == {"ops/pause.yaml", "ops/bad.yaml"} and "YAML" in files["ops/bad.yaml"].trouble
    said = AuditEntry.objects.count()
    pull_source(row.pk)
    assert AuditEntry.objects.count() == said, "no news, no entry"
    second = commit(repo, {"ops/pause.yaml": None, "ops/calm.yaml": TEXT.replace("10s", "20s")})
    pull_source(row.pk)
    assert [(each.number, each.path, each.commit) for each in queries.versions("pause")] == [
        (2, "ops/calm.yaml", second),
        (1, "ops/pause.yaml", first),
    ]
    with pytest.raises(Conflict, match="kept in Git"):
        upload_runbook(ada, "pause", TEXT.replace("10s", "30s"))
    remove_source(ada, row.pk)
    assert upload_runbook(ada, "pause", TEXT.replace("10s", "30s")).number == 3


def test_each_source_is_claimed_when_its_turn_comes_and_a_tick_ends(ada, repo: Path, monkeypatch) -> None:
    commit(repo, {f"{name}/a.yaml": "no" for name in "abc"})
    rows = [add_source(ada, str(repo), team="shop", folder=name).pk for name in "abc"]
    now, pulled = [0.0], []

    def pulls(source_id: int) -> None:
        pulled.append((source_id, RunbookSource.objects.filter(due_at__gt=clock()).count()))
        now[0] += 20

    monkeypatch.setattr(tasks, "pull_source", pulls)
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: now[0]))
    reconcile()
    assert pulled == [(rows[0], 1), (rows[1], 2)], "no second worker finds the third one taken while nobody pulls it"
    reconcile()
    assert [source_id for source_id, _ in pulled] == rows
    monkeypatch.setattr(sources, "MOST", 3)
    with pytest.raises(Invalid, match="At most 3 sources"):
        add_source(ada, str(repo), team="shop", folder="d")


def test_a_file_never_takes_anothers_runbook(ada, repo: Path) -> None:
    given.team("find")
    eve = given.actor("eve", ("find", Role.OWNER))
    upload_runbook(eve, "pause", TEXT, team="find")
    commit(
        repo, {"pause.yaml": TEXT.replace("10s", "20s"), "a.yaml": TEXT.replace("pause", "twin"), "b.yaml": TEXT.replace("pause", "twin")}
    )
    row = pull_source(add_source(ada, str(repo), team="shop").pk)
    troubles = {file.path: file.trouble for file in row.files.all()}
    assert "belongs to find" in troubles["pause.yaml"] and "Another file" in troubles["b.yaml"] and troubles["a.yaml"] == ""
    assert queries.version("pause").number == 1
    with pytest.raises(Forbidden):
        add_source(eve, str(repo), team="shop", folder="x")
    with pytest.raises(Conflict):
        add_source(ada, str(repo), team="shop")


def test_f09_a_window_whose_file_moved_on_is_refused(ada, repo: Path, window: Window) -> None:
    commit(repo, {"pause.yaml": TEXT})
    source = pull_source(add_source(ada, str(repo), team="shop").pk)
    run = started(window)
    run.window.runbook_version = run.runbook_version = queries.version("pause")

    def said():
        return answers(run)["runbook_unchanged"]

    assert said().verdict is Answer.PASS and source.commit[:12] in said().reason
    commit(repo, {"pause.yaml": TEXT.replace("10s", "20s")})
    assert pull_source(source.pk).commit != source.commit
    assert said().verdict is Answer.FAIL and "moved on" in said().reason
    commit(repo, {"pause.yaml": "what: ever"})
    pull_source(source.pk)
    assert said().verdict is Answer.FAIL, "a text that is no runbook has moved on too"
    commit(repo, {"pause.yaml": None, "x.yaml": "x"})
    pull_source(source.pk)
    assert said().verdict is Answer.FAIL and "is gone" in said().reason
    commit(repo, {"pause.yaml": TEXT})
    pull_source(source.pk)
    assert said().verdict is Answer.PASS, "moved back"
    os.rename(repo, repo.with_name("away"))
    assert "git" in pull_source(source.pk).trouble
    assert said().verdict is Answer.INCONCLUSIVE, "unknown is not green"
    RunbookSource.objects.update(trouble="", pulled_at=clock() - (clock() - clock().replace(year=2020)))
    assert said().verdict is Answer.INCONCLUSIVE and "15 minutes" in said().reason


def test_what_a_commit_takes_back_is_not_in_force_any_more(ada, repo: Path) -> None:
    """The text that lies there again is its old version, whose number is lower than the one that was taken back."""
    commit(repo, {"pause.yaml": TEXT})
    row = add_source(ada, str(repo), team="shop")
    pull_source(row.pk)
    commit(repo, {"pause.yaml": TEXT.replace("10s", "20s").replace("title: ", "title: Bad ")})
    pull_source(row.pk)
    assert queries.version("pause").number == 2 and queries.runbook("pause").title.startswith("Bad ")
    template = given.template(ada, scope=(ScopeRow("orders", "production"),), runbook_version_id=queries.version("pause", 1).pk)
    assert change_template(template.pk).superseded
    git(repo, "revert", "--no-edit", "HEAD")
    pull_source(row.pk)
    old = queries.version("pause", 1)
    assert queries.version("pause") == old and not queries.runbook("pause").title.startswith("Bad ")
    assert newest("pause") == old.pk and choices_for(ada).runbooks[0][0] == old.pk
    assert not change_template(template.pk).superseded
    assert [each.number for each in queries.versions("pause")] == [2, 1], "its history stays as it was"


def test_r_a13_a_run_keeps_the_version_it_began_with(ada, repo: Path, window: Window) -> None:
    """The file changes while the run is under way: its steps, its version and that version's text stay as they were."""
    commit(repo, {"pause.yaml": TEXT})
    source = pull_source(add_source(ada, str(repo), team="shop").pk)
    Window.objects.filter(pk=window.pk).update(runbook_version=queries.version("pause"))
    given_starts.begins_now(window)
    run = started(window)
    before = list(StepRun.objects.filter(run=run).values("name", "kind", "params", "sentence"))
    commit(repo, {"pause.yaml": TEXT.replace("10s", "20s").replace("Wait a little", "Wait longer")})
    pull_source(source.pk)
    run.refresh_from_db()
    assert before and list(StepRun.objects.filter(run=run).values("name", "kind", "params", "sentence")) == before
    assert run.runbook_version and run.runbook_version.number == 1 and run.runbook_version.source == TEXT
    assert queries.version("pause").number == 2


def test_nothing_of_theirs_acts(repo: Path, tmp_path: Path) -> None:
    """Hooks, links and submodules: only plain files of the folder come, and nothing is run."""
    inner = repository(tmp_path / "inner")
    commit(inner, {"inner.yaml": TEXT})
    (repo / "link.yaml").symlink_to("/etc/passwd")
    git(repo, "submodule", "add", "-q", str(inner), "sub")
    commit(repo, {"pause.yaml": TEXT, "note.txt": "x"})
    proof = tmp_path / "ran"
    for name in ("post-checkout", "pre-receive", "post-upload-pack", "reference-transaction"):
        hook = repo / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {proof}\n")
        hook.chmod(0o755)
    git(repo, "config", "uploadpack.packObjectsHook", f"touch {proof};")
    assert [path for path, _ in pull(str(repo)).files] == ["pause.yaml"]
    assert not proof.exists()


def test_a_pull_is_bounded(repo: Path, tmp_path: Path) -> None:
    commit(repo, {"pause.yaml": TEXT, "big.bin": os.urandom(2_000_000).hex()})
    with pytest.raises(PullFailed, match="larger than"):
        pull(str(repo), largest=500_000)
    with pytest.raises(PullFailed, match="too long"):
        pull(str(repo), longest=-1)
    with pytest.raises(PullFailed, match="not found"):
        pull(str(repo), "no-such-branch")
    commit(repo, {"long.yaml": "#" * 300_000})
    with pytest.raises(PullFailed, match=r"long\.yaml is longer"):
        pull(str(repo))


@pytest.mark.parametrize(
    "place",
    ["ext::sh -c x", "ext::sh", "ssh://git@host/x", "http://git.example.org/ops/x", "https://git.example.org/opsx/y", "relative/path",
     "https://git.example.org/ops/../x", "https://me@git.example.org/ops/x", "/etc", "/srv/books/../../etc", "--upload-pack=x", "file:///srv/books",
     "https://git.example.org/ops/%2e%2e/x", "https://[bad/ops"],
)  # fmt: skip
def test_only_what_the_settings_name_is_read(place: str) -> None:
    with pytest.raises(Invalid):
        allowed(place, ["/srv/books", "https://git.example.org/ops"])
    assert allowed("https://git.example.org/ops/x.git", ["https://git.example.org/ops"])


def test_on_the_page_what_lies_in_git_and_what_differs(ada, repo: Path, window: Window, monkeypatch) -> None:
    monkeypatch.setattr(reconcile, "delay_on_commit", reconcile.run)
    page = browser(ada)
    commit(repo, {"pause.yaml": TEXT, "bad.yaml": "runbook: bad"})
    refused = page.post("/runbooks/git", {"repository": "/etc", "team": "shop"})
    assert refused.status_code == 422 and "RUNBOOK_REPOSITORIES" in refused.content.decode()
    assert page.post("/runbooks/git", {"repository": str(repo), "team": "shop"}).status_code == 302
    shown = page.get("/runbooks/git").content.decode()
    assert "Pause" in shown and "bad.yaml" in shown and "is missing" in shown
    Window.objects.filter(pk=window.pk).update(runbook_version=queries.version("pause"))
    assert "what differs" not in page.get("/runbooks/pause").content.decode()
    commit(repo, {"pause.yaml": TEXT.replace("10s", "20s")})
    source = RunbookSource.objects.get()
    assert page.post(f"/runbooks/git/{source.pk}/pull").status_code == 302
    book = page.get("/runbooks/pause").content.decode()
    assert "Kept in Git" in book and "compare?from=1&amp;to=2" in book and "New version" not in book
    assert page.post(f"/runbooks/git/{source.pk}/remove").status_code == 302
    assert not RunbookSource.objects.exists() and RunbookVersion.objects.count() == 2
