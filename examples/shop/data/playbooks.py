"""The example's playbook, kept by the person who wrote it; its runbooks name it."""

from __future__ import annotations

from pathlib import Path

from examples.shop.data.people import acting
from windows.playbooks.commands.versions import keep_playbook

FOLDER = Path(__file__).resolve().parents[2] / "playbooks"


def load() -> None:
    """The same text is the same version: nothing changes where nothing was edited."""
    keep_playbook(acting("ben"), "orders-writes-fail", (FOLDER / "orders-writes-fail.md").read_text(), team="orders", is_example=True)
