"""Keeps two maintenance windows ready to be started by hand: a migration that works, and one with a mistake in it.

The shop's people file them, ask and sign through the REST API with their own tokens, as any program would. A window that was run
or has expired is followed by a new one; nothing is done while one stands ready.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from examples.shop.layout import ENVIRONMENT

# It stands ready long enough for somebody who reads first, and holds nobody whom a newcomer signs in as: a window of one's own
# on another service then collides with nothing.
AHEAD, LENGTH, MINUTE = timedelta(seconds=20), timedelta(minutes=45), timedelta(minutes=1)
MARK = "example:ready:"  # how an external reference of ours begins
SHORT = {"settle": "1s", "watch_rounds": 2, "observe": "30s"}  # waits for tests


@dataclass(frozen=True, slots=True)
class Wish:
    """A window that shall stand ready. People by account; `parameters` are those of its runbook that it understands."""

    service: str
    title: str
    reason: str
    impact: str
    owner: str
    filer: str  # plans it, and on the day runs it: its coordinator
    planner: str  # an SRE who does not sign: answers for going ahead while a neighbour is under maintenance too
    signers: tuple[str, ...]
    parameters: tuple[str, ...]


WISHES = (
    Wish(
        "orders", "Orders schema migration", "Every order gets its currency, so that Norway and Sweden can be billed in their own.",
        "Orders cannot be placed for about half a minute; everything can be read.",
        "ada", "ben", "jun", ("ada", "chiara"), ("port", "settle", "watch_rounds"),
    ),
    Wish(
        "baskets", "Baskets schema migration (with a mistake in it)", "Baskets expire after thirty days, and are kept small.",
        "Baskets cannot be filled for about half a minute; everything can be read.",
        "dag", "elif", "chiara", ("dag", "jun"), ("settle", "observe"),
    ),
)  # fmt: skip


class Refused(Exception):
    """The portal said no, or is not there yet."""


class Demonstration(threading.Thread):
    def __init__(self, portal_url: str, tokens: dict[str, str], first_port: int, short_waits: bool) -> None:
        super().__init__(name="demonstration", daemon=True)
        self.address, self.tokens = urlsplit(portal_url).netloc, {email.split("@")[0]: token for email, token in tokens.items()}
        self.values: dict[str, Any] = {"port": first_port, **(SHORT if short_waits else {})}
        self.short_waits = short_waits
        self.pause = 2.0 if short_waits else 15.0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(1.0):
            for wish in WISHES:  # what one is refused for is no reason for the other
                try:
                    self.see_to(wish)
                except (Refused, OSError, http.client.HTTPException, ValueError, LookupError) as error:
                    print(f"{datetime.now(UTC):%H:%M:%S} no window could be made ready: {error}", flush=True)  # noqa: T201
            self.ended.wait(self.pause)

    def see_to(self, wish: Wish) -> None:
        window = self.standing(wish)
        plan = self.plan(wish)
        if window and window["status"] == "approved" and any(window[name] != value for name, value in plan.items()):
            reason = {"reason": "The shop has moved or its runbook was edited; a new window follows."}
            self.post(wish.filer, f"/windows/{window['reference']}/cancel", reason)
            window = None
        if window is None:
            window = self.file(wish, plan)
        if window["status"] == "draft":
            if datetime.fromisoformat(window["starts_at"]) <= datetime.now(UTC):  # its request was refused: a window of somebody else's
                window = self.call(wish.filer, "PATCH", f"/windows/{window['reference']}", self.period(), version=window["version"])
            window = self.post(
                wish.planner,
                f"/windows/{window['reference']}/request",
                {"reason": "It is short, was tried in staging, and goes back by itself."},
            )
        if window["status"] == "requested":
            self.sign(wish, window["reference"])
            told = {"title": wish.impact, "text": wish.reason}
            self.call(wish.owner, "PUT", f"/windows/{window['reference']}/announcement", told)

    def sign(self, wish: Wish, reference: str) -> None:
        refusals = []
        for signer in wish.signers:
            try:
                self.post(signer, f"/windows/{reference}/approve", {"reason": "Tried in staging."})
            except Refused as refused:  # signed before we were interrupted, perhaps: the window's state tells
                refusals.append(str(refused))
        if self.get(wish.filer, f"/windows/{reference}")["status"] == "requested":
            raise Refused("; ".join(refusals) or f"{reference} wants more signatures than we have")

    def standing(self, wish: Wish) -> dict[str, Any] | None:
        """The window of ours that is planned or under way."""
        asked = {"service": wish.service, "status": "draft,requested,approved,running"}
        for row in self.get(wish.filer, "/windows", **asked)["items"]:
            if str(row["external_ref"] or "").startswith(MARK):
                found: dict[str, Any] = self.get(wish.filer, f"/windows/{row['reference']}")
                return found
        return None

    def file(self, wish: Wish, plan: dict[str, Any]) -> dict[str, Any]:
        owner, coordinator = self.get(wish.owner, "/me")["id"], self.get(wish.filer, "/me")["id"]
        window = {
            "title": wish.title, "reason": wish.reason, "expected_impact": wish.impact, "team": wish.service, "owner_id": owner,
            "coordinator_id": coordinator, **self.period(), "starts_itself": False, "mode": "read_only",
            "scope": [{"service": wish.service, "environment": ENVIRONMENT, "region": "*", "layers": ["L5"]}],
            "external_ref": f"{MARK}{wish.service}:{time.time_ns():x}", **plan,
        }  # fmt: skip
        filed: dict[str, Any] = self.post(wish.filer, "/windows", window)
        return filed

    def period(self) -> dict[str, str]:
        """When a window that is planned now begins and ends."""
        begins = datetime.now(UTC) + AHEAD
        if not self.short_waits:  # people plan by the minute
            begins = begins.replace(second=0, microsecond=0) + MINUTE
        return {"starts_at": begins.isoformat(), "ends_at": (begins + LENGTH).isoformat()}

    def plan(self, wish: Wish) -> dict[str, Any]:
        """What a window shall carry out: the newest version of its runbook, with the parameters of this shop."""
        versions = self.get(wish.filer, f"/runbooks/{wish.service}-schema-migration/versions")
        parameters = {name: self.values[name] for name in wish.parameters if name in self.values}
        return {"runbook_version_id": versions[0]["id"], "parameters": parameters}

    def get(self, who: str, path: str, **asked: str) -> Any:
        return self.call(who, "GET", f"{path}?{urlencode(asked)}" if asked else path, None)

    def post(self, who: str, path: str, body: dict[str, Any]) -> Any:
        return self.call(who, "POST", path, body)

    def call(self, who: str, method: str, path: str, body: dict[str, Any] | None, version: int | None = None) -> Any:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            headers = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json"}
            headers |= {"If-Match": f'"{version}"'} if version is not None else {}
            connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise Refused(f"{method} {path}: {response.status} {content[:300].decode(errors='replace')}")
        return json.loads(content) if content else None
