"""Verb: claim the start. The approval is judged under locks that no edit, by whatever way, gets past before the start is committed."""

from __future__ import annotations

from windows.approvals.models import Approval, ApprovalRequest
from windows.approvals.queries.standing import Standing, standing
from windows.catalogue.models import Membership, Person, Service
from windows.errors import Conflict
from windows.scheduling.commands.transactions import see_freezes
from windows.scheduling.commands.transitions import locked
from windows.scheduling.models import Window, WindowScope


def claim_start(window_id: int, executor_id: int | None = None) -> tuple[Window, Standing]:
    """Lock what an approval rests on, then ask whether it stands. Must run inside the transaction that begins the run, before any
    other lock but the run's; Conflict(field=…) names what differs.

    The window's row lock also holds off rows inserted into its scope (their foreign key asks for it).
    """
    see_freezes()
    window = locked(window_id)
    scopes = WindowScope.objects.filter(window=window_id)
    lock(scopes.order_by("pk").select_for_update())
    lock(Service.objects.filter(pk__in=scopes.values("service")).order_by("pk").select_for_update(no_key=True))
    requests = ApprovalRequest.objects.filter(window=window_id)
    lock(requests.order_by("pk").select_for_update())
    rows = Approval.objects.filter(request__window=window_id).values_list("approver", "on_behalf_of")
    signed = {pk for row in rows for pk in row if pk is not None}
    lock(Person.objects.filter(pk__in=signed).order_by("pk").select_for_update(no_key=True))
    lock(Membership.objects.filter(person__in=signed).order_by("pk").select_for_update())
    found = standing(window_id, executor_id)
    if not found.valid:
        raise Conflict(
            f"{window.reference} may not begin: {found.reasons[0]}", field=(*found.fields, "approval")[0], reasons=list(found.reasons)
        )
    return window, found


def lock(rows: object) -> None:
    """Fetch only the keys of a locking query."""
    list(rows.values_list("pk", flat=True))  # type: ignore[attr-defined]
