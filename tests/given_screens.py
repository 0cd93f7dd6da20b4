"""Runs in every state a person may meet on the run page, with a history that gives them a pace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests import given_runs as runs
from tests import given_windows as given
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.execution.models import CheckResult, GateReading, Run, Signature, StepLog, StepRun
from windows.execution.states import RunStatus
from windows.flags.models import Flag, FlagReceipt, Node
from windows.runbooks.models import Runbook, RunbookVersion

MINUTE = timedelta(minutes=1)
NAMES = ("Freeze writes", "Write both schemas", "Backfill order lines", "Cut over writes", "Thaw writes")
SAYS = (
    "Set orders to read-only and wait for 12 nodes",
    "Turn dual writing on in orders",
    "Copy order_line into order_line_v2 in batches of 5,000",
    "Point writes at the new schema",
    "Set orders to normal",
)
GATE = {"objective": "orders-writes", "pass": ">= 0.99", "fail": "< 0.95", "window": "30s"}
WATCH = [{"name": "Writes succeed", "gate": GATE, "interval": 5, "on_fail": "roll_back"}]


def version(person: Person) -> RunbookVersion:
    book, _ = Runbook.objects.get_or_create(slug="orders-schema", defaults={"title": "Orders schema", "team": "shop"})
    found = book.versions.first()
    return found or RunbookVersion.objects.create(runbook=book, number=3, digest="4f1c9a" + "0" * 58, source="", created_by=person.name)


def plan(*statuses: str, now: datetime, **at: dict[str, Any]) -> list[dict[str, Any]]:
    """Five steps and a smoke test with these statuses; what was touched has times. `at` gives more facts by `s1`, `s2` …"""
    rows = []
    for n, status in enumerate(statuses):
        touched: dict[str, Any] = {}
        if status not in {"pending", "skipped"}:
            begun = now - MINUTE * (60 - 12 * n)
            touched = {"attempt": 1, "intended_at": begun}
            if status not in {"started", "waiting", "awaiting_person"}:
                touched["ended_at"] = begun + MINUTE * 11
        if status == "compensated":
            touched |= {"undo_started_at": now - MINUTE * 4, "undo_ended_at": now - MINUTE * 2, "undo_attempt": 1}
        if status == "waiting":
            touched["wake_at"] = now + MINUTE
        facts = {"name": NAMES[n], "sentence": SAYS[n], "status": status, **touched, **at.get(f"s{n + 1}", {})}
        rows.append(runs.step(**facts))
    return [*rows, runs.check(name="Smoke test", sentence="GET /healthz answers 200")]


def measured(run: Run, values: list[float | None], name: str = "Writes succeed") -> None:
    now = clock()
    for n, value in enumerate(values):
        verdict = "inconclusive" if value is None or 0.95 <= value < 0.99 else "pass" if value >= 0.99 else "fail"
        reason = "no data" if value is None else f"{value:.4f} of 1,204 good"
        at = now - timedelta(seconds=5) * (len(values) - n)
        GateReading.objects.create(run=run, gate=name, at=at, value=value, verdict=verdict, reason=reason)


def said(run: Run, *lines: str) -> None:
    for n, text in enumerate(lines):
        StepLog.objects.create(
            run=run, position=3, level="warn" if "lags" in text else "info", text=text, at=clock() - MINUTE * (9 - n) / 9
        )


def past(owner: Any, book: RunbookVersion) -> None:
    """Two runs that ended: one did all, one was rolled back. They give the steps their pace."""
    now = clock() - timedelta(days=3)
    for number, status in enumerate(("succeeded", "rolled_back")):
        window = given.window(owner, starts_at=now + timedelta(days=30 + number), title="Earlier")
        run = Run.objects.create(
            window=window, runbook_version=book, number=1, status=status, started_by="Ben", window_ends_at=now, ended_at=now
        )
        for n, name in enumerate((*NAMES, "Smoke test")):
            undone = {"undo_started_at": now, "undo_ended_at": now + MINUTE * (2 + n)} if status == "rolled_back" else {}
            facts = runs.step(
                name=name, status="compensated" if undone else "succeeded", attempt=1, intended_at=now, ended_at=now + 9 * MINUTE
            )
            StepRun.objects.create(run=run, position=n + 1, sentence=SAYS[min(n, 4)], **facts, **undone)


class Screens:
    """`run(name)` makes the screen's run afresh; a window has one live run, so each has a window of its own."""

    def __init__(self, owner: Any) -> None:
        self.owner, self.now, self.count = owner, clock(), 0
        self.person = Person.objects.get(pk=owner.person_id)
        self.book = version(self.person)
        past(owner, self.book)
        Flag.objects.create(
            target="orders", environment="production", mode="read_only", version=2, global_version=418, lease_until=self.now + 60 * MINUTE
        )
        for n in range(1, 13):
            node = Node.objects.create(
                name=f"orders-api-{n:02}", service="orders", environment="production", region="r1", digest=f"{n:064}"
            )
            FlagReceipt.objects.create(node=node, version=417 if n == 7 else 418, mode="read_only", highest=418)

    def make(self, status: RunStatus, steps: list[dict[str, Any]], *, since: int = 60, ends: int = 60, **facts: Any) -> Run:
        self.count += 1
        starts = given.soon(40 * self.count)
        window = given.window(self.owner, starts_at=starts, title="Orders schema migration", mode="read_only")
        run = runs.run_of(*steps, window=window, status=status, runbook_version=self.book, watch=WATCH, **facts)
        begins, until = self.now - MINUTE * since, self.now + MINUTE * ends
        Run.objects.filter(pk=run.pk).update(
            started_at=begins if status not in {RunStatus.PREFLIGHT, RunStatus.BLOCKED} else None, window_ends_at=until,
            turn_back_at=facts.get("turn_back_at", until - MINUTE * 25),
        )  # fmt: skip
        run.refresh_from_db()
        for name in ("approval", "conflict", "error_budget", "freeze", "nodes_reachable"):
            CheckResult.objects.create(run=run, name=name, verdict="pass", reason="fine")
        return run

    def running(self) -> Run:
        run = self.make(RunStatus.RUNNING, plan("succeeded", "succeeded", "started", "pending", "pending", now=self.now))
        measured(run, [0.998, 0.997, 0.999, None, None, 0.993, 0.986, 0.992, 0.994, 0.996] * 6)
        said(run, "checkpoint order_line 9,355,000", "batch 1,872 of 1,990 copied, 5,000 rows", "replica r1b lags 4.2 s, limit 10 s")
        return run

    def preflight(self) -> Run:
        run = self.make(RunStatus.PREFLIGHT, plan(*["pending"] * 5, now=self.now), reason="The preflight checks are asked.")
        run.checks.all().delete()
        return run

    def blocked(self) -> Run:
        why = "The error budget of orders-writes is spent: −12 % left, 25 % are asked for."
        facts = {"reason": why, "wake_at": None, "ended_at": self.now}
        run = self.make(RunStatus.BLOCKED, plan(*["pending"] * 5, now=self.now), **facts)
        run.checks.filter(name="error_budget").update(verdict="fail", reason=why)
        run.checks.filter(name="nodes_reachable").update(verdict="inconclusive", reason="3 of 12 nodes have not been heard for 40 s.")
        return run

    def held(self) -> Run:
        steps = plan(
            "succeeded", "succeeded", "failed", "pending", "pending", now=self.now, s3={"outcome": "replica r1b lags 14 s, limit 10 s"}
        )
        return self.make(
            RunStatus.HELD, steps, reason="Step 3 “Backfill order lines” cannot be decided: replica lag.",
            hold_until=self.now + MINUTE * 4, hold_action="roll_back",
        )  # fmt: skip

    def asks(self) -> Run:
        steps = plan(
            "succeeded", "succeeded", "awaiting_person", "pending", "pending", now=self.now, s3={"prompt": "Is the new column filled?"}
        )
        return self.make(RunStatus.RUNNING, steps)

    def stuck(self) -> Run:
        failed = {"outcome": "connection to orders-db refused", "undo_attempt": 3, "undo_started_at": self.now - 3 * MINUTE}
        no_undo = {"undo": None, "no_undo_reason": "rows were only added", "status": "succeeded"}
        steps = plan("compensation_failed", "succeeded", "compensated", "pending", "pending", now=self.now, s1=failed, s2=no_undo)
        run = self.make(
            RunStatus.STUCK,
            steps,
            wake_at=None,
            reason="Could not undo Step 1 “Freeze writes”. Everything else that was touched is undone.",
        )
        Signature.objects.create(run=run, verb="abort", person=Person.objects.get(email="sam@example.org"), reason="Sam: leave it")
        return run

    def rolling_back(self) -> Run:
        steps = plan(
            "succeeded",
            "compensating",
            "compensated",
            "pending",
            "pending",
            now=self.now,
            s2={"undo_started_at": self.now - MINUTE, "undo_attempt": 1},
        )
        run = self.make(RunStatus.ROLLING_BACK, steps, reason="The gate “Writes succeed” failed: 0.91 good, 2 times.")
        measured(run, [0.998, 0.997, 0.991, 0.97, 0.93, 0.91])
        return run

    def past_turn_back(self) -> Run:
        steps = plan("succeeded", "succeeded", "started", "pending", "pending", now=self.now)
        facts = {
            "turn_back_at": self.now - MINUTE * 8,
            "overrun_policy": "hold",
            "reason": "Turn-back time: what is done can just be undone.",
        }
        return self.make(RunStatus.HELD, steps, ends=4, hold_until=self.now + 4 * MINUTE, hold_action="roll_back", **facts)

    def finished(self) -> Run:
        facts = {"reason": "Every step is done and validated.", "wake_at": None, "ended_at": self.now}
        run = self.make(RunStatus.SUCCEEDED, plan(*["succeeded"] * 5, now=self.now), **facts)
        run.steps.filter(name="Smoke test").update(status="succeeded", attempt=1, intended_at=self.now - MINUTE, ended_at=self.now)
        measured(run, [0.998] * 30)
        return run

    def rolled_back(self) -> Run:
        steps = plan(*["compensated"] * 3, "pending", "pending", now=self.now)
        facts = {"reason": "The gate “Writes succeed” failed. Every touched step is undone.", "wake_at": None, "ended_at": self.now}
        return self.make(RunStatus.ROLLED_BACK, steps, **facts)

    def all(self) -> dict[str, Callable[[], Run]]:
        names = (
            "running", "preflight", "blocked", "held", "asks", "stuck", "rolling_back", "past_turn_back", "finished", "rolled_back",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}
