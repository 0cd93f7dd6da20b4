"""N7: every kind of conflict gives its own reason and severity, a hard one refuses, and the free slots offered are free of all."""

from datetime import timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import Caller, token_of
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.models import Policy
from windows.audit.clock import clock
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.models import ExternalWindow, ProviderObject, Window
from windows.scheduling.queries import conflicts_of

HOUR = timedelta(hours=1)
REASONS = {
    ("redundancy", "hard"): "With MW-{redundancy} only 0 of 2 of Orders anywhere would be left then; 1 must stay.",
    ("dependency", "soft"): "orders needs payments, and payments is under MW-{dependency} then.",
    ("person", "soft"): "Ada is coordinator here and coordinator of MW-{person} at the same time.",
    ("external", "soft"): "orders needs payments, and telco works on what payments rests on from {begins} to {ends}.",
}


def sent(caller: Caller, path: str, body: dict[str, Any], status: int = 201) -> Any:
    response = caller.send("POST", f"/api/v1{path}", body)
    assert response.status_code == status, response.content
    return response.json()


def requested(actor: Any, slug: str, **said: Any) -> Window:
    return request_window(actor, given.window(actor, slug, **said).pk)


@pytest.mark.django_db(transaction=True)
def test_n07_conflicts_give_their_reasons_and_free_slots_are_free_of_all() -> None:
    owner = {"requires": [{"role": "owner", "quorum": 1, "team": "owner"}]}
    Policy.objects.create(name="One owner", position=1, **owner)
    given.service("orders", regions=("r1", "r2"))
    given.service("payments")
    given.needs("orders", "payments")
    root, ada, bo = (given.actor("root", administrator=True), *(given.actor(name, ("shop", Role.OWNER)) for name in ("ada", "bo")))
    members = [{"service": "orders", "environment": "production", "region": region} for region in ("r1", "r2")]
    group = {"slug": "orders", "name": "Orders anywhere", "minimum": 1, "members": members}
    sent(Caller(token_of(root)), "/redundancy-groups", group)
    start = given.soon(24)
    theirs = {
        "redundancy": requested(bo, "orders", starts_at=start, scope=(ScopeRow("orders", "production", "r2"),)),
        "dependency": requested(given.actor("cy", ("shop", Role.OWNER)), "payments", starts_at=start + HOUR),
        "person": requested(ada, "mail", starts_at=start, coordinator_id=ada.person_id),
    }
    ProviderObject.objects.create(provider="telco", object="circuit-7", service=given.service("payments"))
    ExternalWindow.objects.create(
        provider="telco", uid="1", status="confirmed", impact="outage", title="Fibre", via="api", objects_named={"circuit-7": ""},
        starts_at=start + HOUR, ends_at=start + 3 * HOUR,
    )  # fmt: skip
    mine = given.window(ada, starts_at=start, hours=2, scope=(ScopeRow("orders", "production", "r1"),))
    caller = Caller(token_of(ada))
    refused = sent(caller, f"/windows/{mine.reference}/request", {"reason": "It must be."}, 409)
    assert (refused["field"], refused["rival"]) == ("redundancy", theirs["redundancy"].reference)
    assert Window.objects.get(pk=mine.pk).status == "draft"
    found = {(one.kind.value, one.severity.value): one for one in conflicts_of(mine.pk, ada) if one.severity != "advisory"}
    facts = {kind: window.pk for kind, window in theirs.items()}
    told = {"begins": f"{start + HOUR:%Y-%m-%d %H:%M} UTC", "ends": f"{start + 3 * HOUR:%Y-%m-%d %H:%M} UTC"}
    assert {key: one.why for key, one in found.items()} == {key: why.format(**facts, **told) for key, why in REASONS.items()}
    assert all(one.resolve for one in found.values())
    period = "&".join(f"{name}={at:%Y-%m-%dT%H:%M:%SZ}" for name, at in (("since", clock()), ("until", start + 12 * HOUR)))
    slots = caller.get(f"/api/v1/windows/{mine.reference}/slots?{period}&limit=3").json()
    assert len(slots) == 3 and any(slot["is_earliest"] for slot in slots)
    for slot in slots:
        Window.objects.filter(pk=mine.pk).update(starts_at=slot["begins"], ends_at=slot["ends"])
        assert not [one for one in conflicts_of(mine.pk, ada) if one.severity != "advisory"], slot
    assert sent(caller, f"/windows/{mine.reference}/request", {}, 200)["status"] == "requested"
