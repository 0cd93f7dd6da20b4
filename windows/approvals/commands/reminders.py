"""Verb: tell those who must sign; again as the start comes near; and those next in line when nobody signs. Each step once a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.conf import settings

from windows.access.roles import SCHEDULE
from windows.approvals.commands.links import issue_link
from windows.approvals.models import ApprovalRequest, Reminder, RequestStatus
from windows.approvals.policy import told
from windows.approvals.queries.approvers import approvers_now, next_in_line, open_places
from windows.approvals.queries.waiting import open_requests
from windows.approvals.reminding import Step, step_due
from windows.approvals.words import still_to_sign
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import scope_of, subject_of

AT_ONCE = 500
TITLES = {
    Step.ASKED: "waits for your approval",
    Step.REMINDED: "still waits for your approval",
    Step.ESCALATED: "will expire: nobody has signed it",
}


def tell_approvers(now: datetime | None = None) -> int:
    """Take every step that is due, each in a transaction of its own: one that fails holds up no other. How many requests were told of. Two
    statements where none is."""
    at = now or clock()
    rows = open_requests().exclude(reminders__step=Step.ESCALATED).prefetch_related("reminders").defer("material", "window__vevent")
    due = [
        (row.pk, step)
        for row in rows[:AT_ONCE]
        if (step := step_due(row.requested_at, row.window.starts_at, [one.step for one in row.reminders.all()], at))
    ]
    told_of = 0
    for request_id, step in due:
        with going_on("tell approvers", request=request_id):
            told_of += tell(request_id, step)
    return told_of


@one_transaction
def tell(request_id: int, step: Step) -> bool:
    """One step of one request; False where it was taken meanwhile, or nobody is asked any more."""
    rows = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("window__team", "requester")
    request = rows.get(pk=request_id)
    if request.status != RequestStatus.OPEN or request.window.status != WindowStatus.REQUESTED:
        return False
    if request.reminders.filter(step=step.value).exists():
        return False
    Reminder.objects.create(request=request, step=step.value)
    window, places = request.window, open_places(request)
    can_sign = approvers_now(request, places)
    beside = next_in_line(request, places) if step is Step.ESCALATED else []
    title = f"{window.reference} {TITLES[step]}"
    fact = f"request:{request.pk}:{step.value}"
    others = [person for person in beside if person not in can_sign]
    said = Saying(fact, Urgency.TICKET, title, body(request), window.reference, about=subject_of(window), timezone=window.timezone)
    for person in can_sign:
        secret = "" if window.confidential else issue_link(request, person, window.starts_at)
        own = replace(said, body=body(request, secret), secret=secret, secret_until=window.starts_at if secret else None)
        reach(own, [person.email], [])
    for person in others:
        reach(said, [person.email], [])
    reach(replace(said, title=f"{window.reference} waits for approval"), [], sorted({place.team or window.team.slug for place in places}))
    people = [one.name for one in (*can_sign, *others)]
    words = {Step.ASKED: "Asked", Step.REMINDED: "Reminded", Step.ESCALATED: "Passed on to"}[step]
    reason = f"{words}: {', '.join(people) or 'nobody who could sign'}."
    facts = {"step": step.value, "missing": told(places), "people": people, "reason": reason}
    record("window.approvers_told", SCHEDULE, window.reference, window=window.reference, data=facts)
    return True


def body(request: ApprovalRequest, secret: str = "") -> str:
    """What the mail says: all that is needed to decide, and where. Only who can sign gets an address that signs, by its `secret`."""
    window = request.window
    places = sorted({f"{row.service} in {row.environment}/{row.region}" for row in scope_of(window.pk)})
    lines = [
        f"{window.reference} {window.title}",
        window.reason,
        "",
        f"When: {window.starts_at:%Y-%m-%d %H:%M} UTC to {window.ends_at:%Y-%m-%d %H:%M} UTC",
        f"Where: {', '.join(places[:10])}{f' and {len(places) - 10} more' if len(places) > 10 else ''}",
        f"Users get: {window.mode.replace('_', ' ')}. {window.expected_impact}".strip(),
        f"Asked by {request.requester.name}; {request.policy}.",
        f"{still_to_sign(told(open_places(request)))} Without it the request expires when the window should begin.",
        "",
    ]
    if secret:
        lines += ["Decide without signing in (for you alone, once):", f"{settings.PORTAL_URL}/approvals/by-mail/{secret}", ""]
    lines.append(f"In the portal: {settings.PORTAL_URL}/windows/{window.reference}\n")
    return "\n".join(lines)
