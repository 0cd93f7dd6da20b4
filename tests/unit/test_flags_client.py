"""The node client against a scripted flag server: what it believes, what it refuses, what it acknowledges and when."""

import json
from collections.abc import Callable

import httpx
import pytest

from windows.flags.client import MaintenanceFlag, Reading


class Script:
    """Answers with `body`; keeps the receipts it got and the modes that were applied, in the order of their coming."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, str]] = []
        self.body = snapshot(1, "normal")
        self.receipts = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/flags/receipts":
            receipt = json.loads(request.content)
            self.told.append(("receipt", receipt["version"], receipt["mode"]))
            return httpx.Response(self.receipts)
        etag = f'"{self.body["epoch"]}-{self.body["version"]}"'
        if request.headers.get("if-none-match") == etag:
            return httpx.Response(304, headers={"etag": etag})
        return httpx.Response(200, json=self.body, headers={"etag": etag})

    def applied(self, reading: Reading) -> None:
        self.told.append(("applied", reading.version, reading.mode))


def snapshot(version: int, mode: str, epoch: str = "e1") -> dict:
    return {
        "epoch": epoch,
        "version": version,
        "echo": f"echo-{version}",
        "value": {"mode": mode, "version": version, "window": ""},
        "flags": [],
    }


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def flag(script: Script) -> MaintenanceFlag:
    flag = MaintenanceFlag(
        "http://flags", "t", "orders", "production", "eu", "n1", safe_mode="offline", max_age=30, on_change=script.applied
    )
    flag.http = httpx.Client(base_url="http://flags", transport=httpx.MockTransport(script))
    return flag


def turn(flag: MaintenanceFlag) -> None:
    flag.ask()
    assert flag.apply() and flag.acknowledge()


def test_before_the_first_answer_the_declared_safe_mode_counts(flag: MaintenanceFlag) -> None:
    assert (flag.mode, flag.state, flag.version) == ("offline", "unknown", 0)


def test_applied_first_then_acknowledged(flag: MaintenanceFlag, script: Script) -> None:
    turn(flag)
    script.body = snapshot(2, "read_only")
    turn(flag)
    assert script.told == [("applied", 1, "normal"), ("receipt", 1, "normal"), ("applied", 2, "read_only"), ("receipt", 2, "read_only")]
    assert (flag.mode, flag.value["version"], flag.state) == ("read_only", 2, "current")
    turn(flag)
    assert len(script.told) == 4, "a 304 is no news"


def test_n13_the_open_windows_tag_is_known_before_the_flag_is_set_and_after_it_was_cleared(flag: MaintenanceFlag, script: Script) -> None:
    tag = {"window": "MW-1042", "owner": "Ada", "step": "Freeze writes", "scope": "orders/production/eu"}
    script.body = snapshot(1, "normal") | {"tag": tag}
    turn(flag)
    assert (flag.reading.window, flag.reading.tag, flag.mode) == ("MW-1042", tag, "normal")
    script.body = snapshot(2, "read_only") | {"tag": tag}
    turn(flag)
    script.body["value"]["window"] = "MW-7"  # a flag of another window decides here
    script.body["version"] = 3
    turn(flag)
    assert flag.reading.window == "MW-7"
    script.body = snapshot(4, "normal")
    turn(flag)
    assert (flag.reading.window, flag.reading.tag) == ("", {})


def test_r_d03_a_lower_version_is_refused(flag: MaintenanceFlag, script: Script) -> None:
    script.body = old = snapshot(4, "normal")
    turn(flag)
    script.body = snapshot(5, "read_only")
    turn(flag)
    script.body = old
    for refusals in (1, 2):
        with pytest.raises(ValueError, match="older"):
            flag.ask()
        assert flag.refused == refusals
    assert (flag.mode, flag.version) == ("read_only", 5)
    assert flag.apply() and flag.acknowledge()
    assert script.told[-1] == ("receipt", 5, "read_only")


def test_a_replayed_body_keeps_nobody_young(flag: MaintenanceFlag, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    script.body = snapshot(5, "normal")
    turn(flag)
    script.body = snapshot(4, "read_only")
    later(monkeypatch, 31)
    with pytest.raises(ValueError, match="older"):
        flag.ask()
    assert (flag.mode, flag.state) == ("offline", "unknown")


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    import time

    real: Callable[[], float] = time.monotonic
    monkeypatch.setattr("windows.flags.client.time.monotonic", lambda: real() + seconds)


def test_max_age_falls_to_the_safe_mode_and_back(flag: MaintenanceFlag, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    turn(flag)
    later(monkeypatch, 31)
    assert (flag.mode, flag.state) == ("offline", "unknown"), "by the clock alone"
    assert flag.apply()
    flag.acknowledge()
    assert script.told[-1] == ("applied", 1, "offline"), "told to the service, and not acknowledged"
    turn(flag)
    assert script.told[-2:] == [("applied", 1, "normal"), ("receipt", 1, "normal")]


def test_an_answer_that_lay_waiting_is_old(flag: MaintenanceFlag, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process was stopped between the question and reading the answer, which had come at once."""
    turn(flag)

    def stopped_meanwhile(request: httpx.Request) -> httpx.Response:
        later(monkeypatch, 60)
        return script(request)

    flag.http = httpx.Client(base_url="http://flags", transport=httpx.MockTransport(stopped_meanwhile))
    flag.ask()
    assert (flag.mode, flag.state) == ("offline", "unknown")


def test_another_store_may_count_from_one(flag: MaintenanceFlag, script: Script) -> None:
    script.body = snapshot(9, "offline")
    turn(flag)
    script.body = snapshot(1, "normal", epoch="e2")
    turn(flag)
    assert (flag.mode, flag.version) == ("normal", 1)


def test_what_could_not_be_applied_is_not_acknowledged(flag: MaintenanceFlag, script: Script) -> None:
    broken = True

    def apply(reading: Reading) -> None:
        if broken:
            raise RuntimeError("the pool does not drain")
        script.applied(reading)

    flag.on_change = apply
    flag.ask()
    assert not flag.apply()
    assert script.told == []
    broken = False
    turn(flag)
    assert script.told == [("applied", 1, "normal"), ("receipt", 1, "normal")]


@pytest.mark.parametrize("status", [401, 422, 500, 503])
def test_a_receipt_is_posted_until_it_arrives(flag: MaintenanceFlag, script: Script, status: int) -> None:
    script.receipts = status
    flag.ask()
    assert flag.apply()
    assert not flag.acknowledge()
    assert not flag.acknowledge()
    script.receipts = 200
    turn(flag)
    assert [what for what, *_ in script.told] == ["applied", "receipt", "receipt", "receipt"]


@pytest.mark.parametrize(
    "answer", [httpx.Response(401), httpx.Response(503), httpx.Response(200, content=b"<html>"), httpx.Response(200, json={})]
)
def test_nonsense_changes_nothing(flag: MaintenanceFlag, script: Script, answer: httpx.Response) -> None:
    turn(flag)
    flag.http = httpx.Client(base_url="http://flags", transport=httpx.MockTransport(lambda request: answer))
    with pytest.raises((ValueError, KeyError)):
        flag.ask()
    assert (flag.mode, flag.version) == ("normal", 1)


def test_a_stale_server_is_believed_and_said(flag: MaintenanceFlag, script: Script) -> None:
    flag.http = httpx.Client(
        base_url="http://flags",
        transport=httpx.MockTransport(
            lambda r: httpx.Response(200, json=snapshot(3, "read_only"), headers={"Roadworks-Snapshot-Age": "40"})
        ),
    )
    flag.ask()
    assert (flag.mode, flag.state) == ("read_only", "stale")
