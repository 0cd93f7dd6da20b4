"""A window from the first field to the last signature, in the browser: by mouse, and with nothing but the keyboard."""

from __future__ import annotations

from typing import Any

from tests.shops import Shop


def test_a_request_is_approved_by_another_person(shop: Shop, planned: dict[str, str]) -> None:
    """`planned` did it in the browser; here what became of it, as everybody else sees it."""
    for how, (asked_by, signed_by) in {"by mouse": ("Kim Andersson", "Hana Sato"), "by keyboard": ("Léa Martin", "Farid Nazari")}.items():
        window = shop.get("ben", f"/windows/{planned[how]}")
        assert window["status"] in {"approved", "running", "completed", "rolled_back"}, window
        trail = shop.get("ben", f"/windows/{planned[how]}/trail")["items"]
        by: dict[str, Any] = {entry["kind"]: entry["actor"] for entry in trail}
        assert by["window.requested"] == asked_by
        assert by["window.approved"] == signed_by
