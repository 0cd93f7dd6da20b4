"""The windows that stand ready in the example come back, whatever a newcomer does beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from examples.shop.demonstration import WISHES, Demonstration, Refused

ORDERS, BASKETS = WISHES


class Portal(Demonstration):
    """Answers for the portal: a draft of ours whose start has passed."""

    def __init__(self, starts_at: datetime) -> None:
        super().__init__("http://portal.example.org", {}, 8010, short_waits=True)
        self.draft: dict[str, Any] = {"reference": "MW-9", "status": "draft", "external_ref": "example:ready:orders:1", "version": 3}
        self.draft["starts_at"] = starts_at.isoformat()
        self.asked: list[tuple[str, str, int | None]] = []

    def call(self, who: str, method: str, path: str, body: dict[str, Any] | None, version: int | None = None) -> Any:
        self.asked.append((method, path.partition("?")[0], version))
        if method == "PATCH" and body:
            self.draft |= body
        if path.endswith("/versions"):
            return [{"id": 1}]
        if path.endswith("/request") and datetime.fromisoformat(str(self.draft["starts_at"])) <= datetime.now(UTC):
            raise Refused("The start has passed. Move the window first.")
        if path.startswith("/windows?"):
            return {"items": [self.draft]}
        return {**self.draft, "status": "approved"} if path.endswith("/request") else self.draft


def test_a_draft_whose_request_was_refused_until_its_start_had_passed_is_moved_and_asked_for_again() -> None:
    portal = Portal(datetime.now(UTC) - timedelta(hours=1))
    portal.see_to(ORDERS)
    assert [(method, path, version) for method, path, version in portal.asked if method != "GET"] == [
        ("PATCH", "/windows/MW-9", 3),
        ("POST", "/windows/MW-9/request", None),
    ]


def test_one_that_lies_ahead_is_asked_for_as_it_is() -> None:
    portal = Portal(datetime.now(UTC) + timedelta(hours=1))
    portal.see_to(ORDERS)
    assert [method for method, _, _ in portal.asked if method != "GET"] == ["POST"]


def test_what_one_is_refused_for_is_no_reason_for_the_other() -> None:
    portal = Portal(datetime.now(UTC))
    seen = []

    def see_to(wish: Any) -> None:
        seen.append(wish)
        if wish is BASKETS:
            portal.ended.set()
        raise Refused("It collides.")

    portal.see_to = see_to  # type: ignore[method-assign]
    portal.pause = 0.0
    portal.run()
    assert seen == [ORDERS, BASKETS]
