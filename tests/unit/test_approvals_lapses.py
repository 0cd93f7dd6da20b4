"""What the page of a window says of an approval that lapsed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from windows.approvals.lapses import lapse_told


def asked(status: str, *names: str, because: tuple[str, ...] = (), decision: str = "approved") -> Any:
    signed = [SimpleNamespace(name=name, decision=decision) for name in names]
    return SimpleNamespace(status=status, signatures=signed, lapsed_because=tuple({"field": one} for one in because))


OPEN, LAPSED = asked("open"), asked("lapsed", "Ada", "Chiara", because=("scope", "starts_at"))


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ([OPEN, LAPSED], "Ada and Chiara had signed a request that lapsed because the scope and the start changed."),
        (
            [OPEN, asked("lapsed", because=("ends_at",)), LAPSED],
            "Ada and Chiara had signed a request that lapsed because the scope and the start changed.",
        ),
        (
            [OPEN, asked("lapsed", "Sam", because=("parameters.batch_size", "mode", "slack"))],
            "Sam had signed a request that lapsed because the batch size, the mode and the error budget asked for changed.",
        ),
        ([OPEN, asked("lapsed", because=("runbook",))], "An earlier request lapsed because the runbook version changed."),
        ([OPEN, asked("lapsed")], "An earlier request lapsed."),
        ([asked("granted"), LAPSED], ""),
        ([asked("cancelled"), LAPSED], ""),
        ([OPEN, asked("withdrawn", "Ada")], ""),
        ([LAPSED], ""),
        ([OPEN], ""),
        ([], ""),
    ],
)
def test_who_had_signed_and_what_made_it_lapse(requests: list[Any], said: str) -> None:
    assert lapse_told(requests) == said
