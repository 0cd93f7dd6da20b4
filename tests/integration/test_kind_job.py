"""The `job` kind against a real server that runs jobs as processes: start, follow, cancel, take back."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from portal.bootstrap.processes import Child
from tests import pipelines
from tests.kind_context import FakeContext
from tests.servers import Server, answers, free_ports, remove
from windows.actions.kinds import job
from windows.actions.outcomes import AwaitHuman, Done, Failed, Outcome, Wait
from windows.actions.registry import perform, prepare
from windows.execution.ports.http import Http, carried
from windows.execution.ports.limits import Limits


@pytest.fixture
def ci(tmp_path: Path) -> Iterator[Server]:
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, pipelines.__file__, str(port), str(tmp_path / "work")]
    server = Server(url, tmp_path, Child("pipelines", command, ready=answers(f"{url}/healthz")))
    yield server
    remove(server)


def params(ci: Server, script: str, reverse: str = "", **more: object) -> dict:
    def start(name: str) -> dict:
        return {"url": f"{ci.url}/jobs", "json": {"script": name}, "id": "job.id"}

    told = {
        "start": start(script),
        "status": {"url": f"{ci.url}/jobs/{{job}}", "state": "pipeline.status"},
        "cancel": {"url": f"{ci.url}/jobs/{{job}}/cancel"},
        "reverse": start(reverse) if reverse else "nothing",
        "interval": "0.1s",
        **more,
    }
    return job.Params.model_validate(told).model_dump(mode="json")


class Step:
    """One step as the engine carries it out: what an outcome keeps is there at the next call."""

    def __init__(self, ci: Server, told: dict) -> None:
        self.ci, self.told, self.kept, self.attempt, self.round = ci, told, {}, 1, ""
        self.seconds = 60.0

    def once(self, verb: str = "run") -> Outcome:
        key = f"7:2:{'forward' if verb == 'run' else 'undo'}{self.round}"
        http = Http(Limits.of(self.seconds, lambda: False), carried({"maintenance.window": "MW-1042"}, key, 1), ["127.0.0.1"])
        ctx = FakeContext(idempotency_key=key, attempt=self.attempt, checkpoint=self.kept, http=http, clock=datetime.now(UTC))
        if verb == "run" and not self.kept:
            self.kept = prepare("job", self.told, ctx)
            ctx.checkpoint = self.kept
        outcome = perform("job", self.told, verb, ctx)
        self.kept = {**self.kept, **(getattr(outcome, "checkpoint", None) or {})}
        return outcome

    def to_its_end(self, verb: str = "run", seconds: float = 240) -> Outcome:
        until = time.monotonic() + seconds
        while isinstance(outcome := self.once(verb), Wait):
            assert time.monotonic() < until, outcome
            time.sleep(0.1)
        return outcome


def started(ci: Server) -> int:
    return httpx.get(f"{ci.url}/jobs/1").json()["number"]


def test_it_starts_a_job_and_follows_it_to_its_end(ci: Server, tmp_path: Path) -> None:
    step = Step(ci, params(ci, "deploy"))
    assert step.to_its_end() == Done("Job 1 is success.", step.kept)
    assert (tmp_path / "work" / "deployed").exists()


def test_a_job_that_fails_fails_the_step_and_a_retry_starts_another(ci: Server) -> None:
    step = Step(ci, params(ci, "broken"))
    outcome = step.to_its_end()
    assert isinstance(outcome, Failed)
    assert "Job 1 is failed" in outcome.reason
    step.attempt = 2
    outcome = step.to_its_end()
    assert isinstance(outcome, Failed)
    assert "Job 2 is failed" in outcome.reason
    assert started(ci) == 2  # under a key of its own: with the first one's the pipeline would answer with the job that failed


def test_a_retry_never_follows_the_job_that_failed(ci: Server) -> None:
    step = Step(ci, params(ci, "broken", find={"url": f"{ci.url}/jobs?key={{key}}", "id": "jobs.0.id"}))
    assert isinstance(step.to_its_end(), Failed)
    step.attempt, step.told["headers"] = 2, {"Lose-Answer": "1"}
    assert isinstance(step.once(), Wait)  # it is kept that another may be started, before it is
    assert isinstance(step.once(), Failed)
    step.attempt = 3
    outcome = step.to_its_end()
    assert isinstance(outcome, Failed)
    assert "Job 2 is failed" in outcome.reason
    assert started(ci) == 2  # the lost start is found by its own key, and nothing is started twice
    assert isinstance(step.to_its_end("compensate"), Done)


def test_a_second_start_whose_answer_was_lost_is_cancelled_too(ci: Server) -> None:
    told = params(ci, "broken", find={"url": f"{ci.url}/jobs?key={{key}}", "id": "jobs.0.id"})
    step = Step(ci, told)
    assert isinstance(step.to_its_end(), Failed)
    step.attempt, step.told["headers"], step.told["start"] = 2, {"Lose-Answer": "1"}, params(ci, "long")["start"]
    step.once()
    assert isinstance(step.once(), Failed)
    assert isinstance(step.to_its_end("compensate"), Done)
    assert httpx.get(f"{ci.url}/jobs/2").json()["pipeline"]["status"] == "canceled"


def test_what_a_failed_job_did_in_part_is_taken_back_though_its_successor_never_began(ci: Server) -> None:
    step = Step(ci, params(ci, "broken", reverse="deploy"))
    step.to_its_end()
    step.attempt, step.told["headers"] = 2, {"Too-Many": "1"}
    step.once()
    assert isinstance(step.once(), Failed)
    step.told["headers"] = {}
    assert step.to_its_end("compensate") == Done("Job 2 is success.", step.kept)


def test_an_answer_of_whoever_stands_between_proves_nothing(ci: Server) -> None:
    """502 and its kin: the pipeline may have begun it."""
    step = Step(ci, params(ci, "long", headers={"Bad-Gateway": "1"}))
    outcome = step.once()
    assert isinstance(outcome, Failed)
    assert not outcome.permanent
    assert isinstance(step.once("compensate"), AwaitHuman)
    step.told = params(ci, "long", find={"url": f"{ci.url}/jobs?key={{key}}", "id": "jobs.0.id"})
    assert isinstance(step.to_its_end("compensate"), Done)
    assert httpx.get(f"{ci.url}/jobs/1").json()["pipeline"]["status"] == "canceled"


def test_a_start_that_was_refused_and_then_lost_is_not_forgotten(ci: Server) -> None:
    step = Step(ci, params(ci, "long", headers={"Too-Many": "1"}))
    assert isinstance(step.once(), Failed)
    assert isinstance(step.once("compensate"), Done), "what was refused needs no looking after"
    step.attempt, step.told["headers"] = 2, {"Lose-Answer": "1"}
    assert isinstance(step.once(), Wait)
    assert isinstance(step.once(), Failed)
    assert isinstance(step.once("compensate"), AwaitHuman)


def test_rolling_back_cancels_a_job_that_runs_and_waits_until_it_has_ended(ci: Server, tmp_path: Path) -> None:
    step = Step(ci, params(ci, "long"))
    assert isinstance(step.once(), Wait)
    assert isinstance(step.once(), Wait)
    outcome = step.to_its_end("compensate")
    assert isinstance(outcome, Done)
    assert httpx.get(f"{ci.url}/jobs/1").json()["pipeline"]["status"] == "canceled"
    assert not (tmp_path / "work" / "finished").exists()


def test_rolling_back_a_finished_job_runs_the_job_that_takes_it_back(ci: Server, tmp_path: Path) -> None:
    step = Step(ci, params(ci, "deploy", reverse="reverse"))
    step.to_its_end()
    assert step.to_its_end("compensate") == Done("Job 2 is success.", step.kept)
    assert not (tmp_path / "work" / "deployed").exists()


def test_r_a03_a_start_whose_answer_was_lost_is_found_by_its_key(ci: Server) -> None:
    find = {"url": f"{ci.url}/jobs?key={{key}}", "id": "jobs.0.id"}
    told = params(ci, "deploy", find=find, headers={"Lose-Answer": "1"})
    assert job.repeatable(job.Params.model_validate(told))
    step = Step(ci, told)
    assert isinstance(step.once(), Failed)
    step.attempt = 2
    assert isinstance(step.to_its_end(), Done)
    assert started(ci) == 1


def test_without_a_way_to_look_a_person_is_asked_what_became_of_a_lost_start(ci: Server) -> None:
    step = Step(ci, params(ci, "long", headers={"Lose-Answer": "1"}))
    assert isinstance(step.once(), Failed)
    outcome = step.once("compensate")
    assert isinstance(outcome, AwaitHuman)
    assert "7:2:forward" in outcome.prompt


def test_a_lost_start_of_a_step_that_is_done_anew_is_found_by_that_rounds_key(ci: Server) -> None:
    told = params(ci, "long", headers={"Lose-Answer": "1"}, find={"url": f"{ci.url}/jobs?key={{key}}", "id": "jobs.0.id"})
    step = Step(ci, told)
    step.round = ":2"
    assert isinstance(step.once(), Failed)
    assert isinstance(step.to_its_end("compensate"), Done)
    assert httpx.get(f"{ci.url}/jobs/1").json()["pipeline"]["status"] == "canceled"


def test_a_pipeline_that_is_away_for_a_moment_loses_nothing(ci: Server) -> None:
    step = Step(ci, params(ci, "long"))
    step.once()
    ci.freeze()
    step.told, step.seconds = {**step.told}, 3
    try:
        assert isinstance(step.once(), Wait)
    finally:
        ci.thaw()
    assert step.kept["job"] == "1"


def test_a_refusal_is_told_and_needs_no_rollback(ci: Server) -> None:
    told = params(ci, "deploy")
    told["start"]["url"] = f"{ci.url}/nowhere"
    step = Step(ci, told)
    outcome = step.once()
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert isinstance(step.once("compensate"), Done)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("status", {"url": "https://ci.example/jobs/1"}),
        ("cancel", {"url": "https://ci.example/{other}"}),
        ("status", {"url": "https://ci.example/{job}", "succeeded": ["x"], "failed": ["x"]}),
        ("reverse", "whatever"),
        ("headers", {"X": "a\r\nb"}),
    ],
)
def test_it_refuses(place: str, value: object) -> None:
    good = {
        "start": {"url": "https://ci.example/jobs"}, "status": {"url": "https://ci.example/{job}"},
        "cancel": {"url": "https://ci.example/{job}"}, "reverse": "nothing",
    }  # fmt: skip
    job.Params.model_validate(good)
    with pytest.raises(ValidationError):
        job.Params.model_validate({**good, place: value})
