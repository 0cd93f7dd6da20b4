"""Which window's tag holds at a place, and what of it the wire tells."""

from __future__ import annotations

import json

import pytest

from windows.flags.routing import FlagKey, FlagRow
from windows.flags.server import ofrep
from windows.flags.server.snapshot import Snapshot
from windows.flags.server.tags import LiveTag, tag_at

PLACE = FlagKey("orders", "production", "eu")
OPEN = LiveTag("MW-1", "Ada", "Freeze writes", "orders", "production", "eu", "L3")
URGENT = LiveTag("MW-2", "Ben", "", "orders", "production", "eu", "L7")
FROZEN = FlagRow(FlagKey("orders", "production"), "read_only", 7, 1, "MW-1", {})
THAWED = FlagRow(FlagKey("orders", "production"), "normal", 8, 2, "MW-1", {})


@pytest.mark.parametrize(
    ("live", "place", "window", "found"),
    [
        ((), PLACE, "", None),
        ((OPEN,), PLACE, "", "MW-1"),
        ((OPEN,), FlagKey("orders", "production"), "", "MW-1"),
        ((OPEN,), FlagKey("orders", "production", "us"), "", None),
        ((OPEN,), FlagKey("orders", "staging", "eu"), "", None),
        ((OPEN,), FlagKey("baskets", "production", "eu"), "", None),
        ((OPEN._replace(region="*"),), PLACE, "", "MW-1"),
        ((OPEN, URGENT), PLACE, "", "MW-2"),
        ((OPEN, URGENT), PLACE, "MW-1", "MW-1"),
        ((OPEN,), PLACE, "MW-9", None),
    ],
)
def test_n13_the_tag_of_a_place(live: tuple[LiveTag, ...], place: FlagKey, window: str, found: str | None) -> None:
    tag = tag_at(live, place, window)
    assert (tag.window if tag else None) == found


def test_n13_after_the_thaw_the_tag_is_told_until_the_window_closes() -> None:
    frozen, thawed = Snapshot("epoch-of-it", 7, (FROZEN,), live=(OPEN,)), Snapshot("epoch-of-it", 8, (THAWED,), live=(OPEN,))
    closed, elsewhere = Snapshot("epoch-of-it", 8, (THAWED,)), Snapshot("epoch-of-it", 8, (THAWED,), live=(OPEN._replace(region="us"),))
    tag = {"window": "MW-1", "owner": "Ada", "step": "Freeze writes", "scope": "orders/production/eu"}
    for snapshot, mode in ((frozen, "read_only"), (thawed, "normal")):
        told = json.loads(snapshot.view(PLACE).body)
        assert (told["value"]["mode"], told["value"]["window"], told["tag"]) == (mode, "MW-1", tag)
        metadata = ofrep.evaluation(snapshot, PLACE)["metadata"]
        assert [metadata[name] for name in ("windowId", "owner", "step", "scope")] == [
            "MW-1",
            "Ada",
            "Freeze writes",
            "orders/production/eu",
        ]
    assert json.loads(closed.view(PLACE).body) == json.loads(elsewhere.view(PLACE).body)
    assert "tag" not in json.loads(closed.view(PLACE).body)
    assert closed.view(PLACE).etag == elsewhere.view(PLACE).etag == b'"epoch-of-8"'
    assert len({thawed.view(PLACE).etag, closed.view(PLACE).etag, thawed.etag_of(8).encode()}) == 2
    assert thawed.etag_of(8, PLACE).encode() == thawed.view(PLACE).etag
    assert ofrep.etag(thawed, PLACE) != ofrep.etag(closed, PLACE)


def test_the_tags_survive_on_disk_and_an_older_file_is_read() -> None:
    kept = Snapshot("epoch", 8, (THAWED,), live=(OPEN, URGENT))
    assert Snapshot.from_disk(kept.to_disk()) == kept
    older = json.loads(kept.to_disk())
    del older["live"]
    assert Snapshot.from_disk(json.dumps(older).encode()).live == ()
