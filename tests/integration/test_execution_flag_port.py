"""The flag kind on the real store: lease, window, receipts, and what a person set meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import given_windows as given
from tests.kind_context import FakeContext
from windows.access.roles import Role
from windows.actions.kinds import flag
from windows.actions.outcomes import Done, Failed
from windows.actions.registry import perform, prepare
from windows.execution.ports.flags import Flags
from windows.flags import commands
from windows.flags.models import Flag, FlagVersion
from windows.flags.routing import FlagKey
from windows.outbound.limits import Limits

KEY = FlagKey("orders", "production")


@pytest.fixture
def nodes(db: None) -> dict[str, str]:
    given.service("orders", regions=("r1", "r2"))
    sre = given.actor("sam", ("shop", Role.SRE))
    return {
        name: commands.register_node(sre, service="orders", environment="production", region=region, name=name)[1]
        for name, region in (("a", "r1"), ("b", "r2"))
    }


class Acknowledging(Flags):
    """The real port; each look at propagation is preceded by the receipts of the nodes that hear."""

    hearing: dict[str, str]
    wrong = ""  # a node that acknowledges and does not follow

    def propagation(self, address, global_version):
        newest = FlagVersion.objects.get(global_version=global_version)
        for name, token in self.hearing.items():
            commands.post_receipt(token, global_version, "normal" if name == self.wrong else newest.mode, echo=newest.echo)
        return super().propagation(address, global_version)


def ctx(hearing: dict[str, str]) -> FakeContext:
    port = Acknowledging("MW-1042", timedelta(seconds=60), Limits.of(30, lambda: False))
    port.hearing = hearing
    return FakeContext(flags=port)


PARAMS = flag.Params.model_validate({"service": "orders", "environment": "production", "mode": "read_only", "retry_after": 30}).model_dump(
    mode="json"
)


def test_it_holds_the_service_read_only_and_lets_go(nodes: dict[str, str]) -> None:
    told = ctx(nodes)
    told.checkpoint = prepare("flag", PARAMS, told)
    outcome = perform("flag", PARAMS, "run", told)
    assert isinstance(outcome, Done), outcome
    row = Flag.objects.get()
    assert (row.mode, row.window, row.payload, row.set_by) == ("read_only", "MW-1042", {"retry_after": 30}, "Roadworks engine")
    assert row.lease_until is not None
    told.checkpoint, told.idempotency_key = outcome.checkpoint, "1:2:undo"
    assert isinstance(perform("flag", PARAMS, "compensate", told), Done)
    row.refresh_from_db()
    assert (row.mode, row.version) == ("normal", 2)


def test_n08_it_names_the_node_that_lags(nodes: dict[str, str]) -> None:
    told = ctx({"a": nodes["a"]})
    outcome = flag.run(flag.Params.model_validate(PARAMS | {"converge": {"timeout": "1s"}}), told)
    assert isinstance(outcome, Failed)
    assert "b was never heard of" in outcome.reason


def test_n08_a_node_that_hears_and_stays_in_another_mode_lags(nodes: dict[str, str]) -> None:
    told = ctx(nodes)
    told.flags.wrong = "b"
    outcome = flag.run(flag.Params.model_validate(PARAMS | {"converge": {"timeout": "1s"}}), told)
    assert isinstance(outcome, Failed)
    assert "1 of 2 nodes" in outcome.reason
    assert "b is at 1, but normal" in outcome.reason


def test_r_a10_a_person_was_faster(nodes: dict[str, str]) -> None:
    told = ctx(nodes)
    told.checkpoint = prepare("flag", PARAMS, told)
    commands.set_flag(given.actor("sam", ("shop", Role.SRE)), KEY, "offline", reason="fire")
    outcome = perform("flag", PARAMS, "run", told)
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert Flag.objects.get().mode == "offline"


def test_r_a08_freeze_and_thaw_are_undone_in_reverse(nodes: dict[str, str]) -> None:
    freeze, thaw = ctx(nodes), ctx(nodes)
    normal = PARAMS | {"mode": "normal", "retry_after": None}
    for told, params in ((freeze, PARAMS), (thaw, normal)):
        told.checkpoint = prepare("flag", params, told)
        told.checkpoint = perform("flag", params, "run", told).checkpoint
    modes = []
    for told, params in ((thaw, normal), (freeze, PARAMS)):
        assert isinstance(perform("flag", params, "compensate", told), Done)
        modes.append(Flag.objects.get().mode)
    assert modes == ["read_only", "normal"]


def test_r_a10_who_meddled_is_named(nodes: dict[str, str]) -> None:
    told = ctx(nodes)
    told.checkpoint = prepare("flag", PARAMS, told)
    told.checkpoint = perform("flag", PARAMS, "run", told).checkpoint
    commands.set_flag(given.actor("sam", ("shop", Role.SRE)), KEY, "offline", reason="fire")
    outcome = perform("flag", PARAMS, "compensate", told)
    assert isinstance(outcome, Failed)
    assert "Sam set it to offline" in outcome.reason
    assert Flag.objects.get().mode == "offline"
