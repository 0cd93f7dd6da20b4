"""The example's runbooks: the texts in examples/runbooks/, uploaded by the people who wrote them."""

from __future__ import annotations

from pathlib import Path

from examples.shop.data.people import acting
from windows.runbooks.commands import upload_runbook

FOLDER = Path(__file__).resolve().parents[2] / "runbooks"
AUTHORS = {
    "orders-schema-migration": ("orders", "ben"),
    "orders-region-by-region": ("orders", "ben"),
    "baskets-schema-migration": ("baskets", "elif"),
}


def load() -> None:
    """The same text is the same version: nothing changes where nothing was edited."""
    for slug, (team, author) in AUTHORS.items():
        upload_runbook(acting(author), slug, (FOLDER / f"{slug}.yaml").read_text(), team=team, is_example=True)
