"""Every place of the portal that a person can go to, from the URLconf itself, each filled with rows that are there.

A new address is walked by the browser's test without being listed. Its parameters are filled by PARAMETERS, or, where the address
needs a row in a certain state or more than one visit, by PLACES.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from django.urls import get_resolver

Rows = dict[str, Any]
NOT_PAGES = ("api/v1/", "static/", "media/", "status/<")  # what programs ask, and files
PARAMETERS = {  # the parameter's name, or the folder and the name → the row that fills it
    "reference": "running",
    "run_id": "run",
    "position": "position",
    "token": "feed",
    "services/slug": "service",
    "teams/slug": "team",
    "objectives/slug": "objective",
    "person_id": "person",
    "role": "role",
    "node_id": "node",
    "template_id": "template",
    "series_id": "series",
    "policy_id": "policy",
    "token_id": "own_token",
    "freeze_id": "freeze",
    "feed_id": "own_feed",
    "source_id": "source",
    "object_id": "object",
    "notice_id": "notice",
    "change-calendars/slug": "change_calendar",
    "runbooks/slug": "runbook",
    "playbooks/slug": "playbook",
    "checklists/key": "item",
    "flags/slug": "service",
    "service": "service",
    "environment": "environment",
    "number": "number",
    "trace_id": "trace",
    "runs/verb": "verb",
    "steps/verb": "step_verb",
}
PLACES: dict[str, tuple[str, ...]] = {  # addresses that want another row, or a look in more than one way
    "windows/": ("windows/", "windows/?show=all", "windows/?q=Orders"),
    "calendar/": ("calendar/", "calendar/?view=month", "calendar/?view=agenda", "calendar/?zoom=quarter"),
    "dashboards/debug/": ("dashboards/debug/", "dashboards/debug/?service=orders", "dashboards/debug/?window={rolled_back}"),
    "windows/<str:reference>": (
        "windows/{draft}",
        "windows/{requested}",
        "windows/{approved}",
        "windows/{running}",
        "windows/{completed}",
        "windows/{rolled_back}",
    ),
    "windows/<str:reference>/part/<slug:part>": (
        *(f"windows/{{approved}}/part/{part}" for part in ("overview", "plan", "approvals", "impact", "alerts", "communication")),
        *(f"windows/{{completed}}/part/{part}" for part in ("run", "impact", "review", "audit")),
        "windows/{rolled_back}/part/run",
        "windows/{draft}/part/approvals",
    ),
    "windows/<str:reference>/postmortem/draft": ("windows/{completed}/postmortem/draft",),
    "windows/<str:reference>/deviation": ("windows/{completed}/deviation",),
    "windows/<str:reference>/edit": ("windows/{draft}/edit",),
    "windows/<str:reference>/move": ("windows/{draft}/move",),
    "windows/<str:reference>/move/meaning": ("windows/{draft}/move/meaning?starts_at=2030-01-04T10:00&ends_at=2030-01-04T11:00",),
    "windows/<str:reference>/discard": ("windows/{draft}/discard",),
    "windows/<str:reference>/request": ("windows/{draft}/request",),
    "windows/<str:reference>/withdraw": ("windows/{requested}/withdraw",),
    "windows/<str:reference>/approve": ("windows/{requested}/approve",),
    "windows/<str:reference>/reject": ("windows/{requested}/reject",),
    "windows/<str:reference>/start": ("windows/{ready}/start",),
    "windows/<str:reference>/cancel": ("windows/{approved}/cancel",),
    "windows/<str:reference>/repeat": ("windows/{draft}/repeat",),
    "windows/<str:reference>/repeat/preview": ("windows/{draft}/repeat/preview?rrule=FREQ=WEEKLY",),
    "windows/<str:reference>/following": ("windows/{recurring}/following",),
    "windows/<str:reference>/following/skip": ("windows/{recurring}/following/skip",),
    "windows/<str:reference>/next-slot": ("windows/{approved}/next-slot",),
    "settings/freezes/landing": ("settings/freezes/landing?starts_at=2030-01-04T10:00&ends_at=2030-01-05T10:00&timezone=UTC",),
    "search": ("search", "search?q=orders"),
    "runs/<int:run_id>": ("runs/{run}", "runs/{succeeded_run}", "runs/{rolled_back_run}"),
}


NOWHERE = {  # addresses that the example has no row for, and why; their own tests walk them
    "calendar/views/<int:saved_view_id>": "nobody has a saved view at first",
    "calendar/views/<int:saved_view_id>/delete": "nobody has a saved view at first",
    "incidents/<int:incident_id>": "nobody has reported an incident in the example",
    "incidents/<int:incident_id>/end": "nobody has reported an incident in the example",
    "incidents/<int:incident_id>/link": "nobody has reported an incident in the example",
    **{
        f"windows/<str:reference>/postmortem{rest}": "nobody has drafted a postmortem in the example"
        for rest in ("", "/edit", "/publish", ".md")
    },
    "follow-ups/<int:follow_up_id>/done": "nobody has noted a follow-up in the example",
    "follow-ups/<int:follow_up_id>/drop": "nobody has noted a follow-up in the example",
    "settings/channels/<int:channel_id>/try": "no team of the example has a channel",
    "settings/channels/<int:channel_id>/end": "no team of the example has a channel",
    "settings/calendars-in/<int:source_id>/webhook/<int:secret_id>/end": "no provider of the example sends webhooks",
    "settings/undelivered/<int:message_id>/send-again": "everything gets through in the example",
    "settings/freezes/<int:freeze_id>/exceptions/<int:exception_id>/end": "no freeze of the example has an exception",
    "windows/<str:reference>/checklists/<slug:key>/untick": "nobody has ticked anything in the example",
    "windows/<str:reference>/review-tasks/<slug:key>": "nobody broke a glass in the example",
    "windows/<str:reference>/please-move/<str:rival>": "who walks plans no window of the example",
    "windows/<str:reference>/asked-to-move/<int:request_id>/decline": "nobody asks anybody to move in the example",
    "windows/<str:reference>/asked-to-move/<int:request_id>/move": "nobody asks anybody to move in the example",
    "runbooks/git/<int:repository_id>/pull": "the example keeps no runbook in Git",
    "runbooks/git/<int:repository_id>/remove": "the example keeps no runbook in Git",
    "settings/delegations/<int:delegation_id>/end": "nobody signs in another's place in the example",
    "windows/<str:reference>/approve-afterwards": "no emergency of the example began without an approval",
    "approvals/by-mail/<str:secret>": "the address is in a mail alone",
    "windows/<str:reference>/extensions/<int:extension_id>": "nobody asks for more time in the example",
    "windows/<str:reference>/surfaces/<int:surface_id>/accept": "nothing outside drifts in the example",
}


def routes(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from routes(entry, route)
        elif not route.startswith(NOT_PAGES):
            yield route


def places(rows: Rows) -> dict[str, list[str]]:
    """Address in the URLconf → the paths to walk. A route that nobody can fill is an AssertionError that says what to add."""
    found = {}
    for route in known():
        shapes = PLACES.get(route) or (shape_of(route),)
        found[route] = ["/" + path for shape in shapes for path in filled(shape, rows)]
    return found


def known() -> list[str]:
    """Every address to be walked; AssertionError where a name in this file belongs to an address that is no more."""
    found = dict.fromkeys(routes())
    gone = sorted((set(PLACES) | set(NOWHERE)) - set(found))
    assert not gone, f"tests/places.py names addresses that are no more: {', '.join(gone)}"
    return [route for route in found if route not in NOWHERE]


def shape_of(route: str) -> str:
    """The address with the name of a row in each parameter's place."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f"{{{key(route, found)}}}", route)


def key(route: str, found: re.Match[str]) -> str:
    name, folder = found[1], next((part for part in reversed(route[: found.start()].split("/")) if part and "<" not in part), "")
    row = PARAMETERS.get(f"{folder}/{name}") or PARAMETERS.get(name)
    assert row, (
        f"The page /{route} is new, and nobody has said how to go there: add “{name}” or “{folder}/{name}” to PARAMETERS "
        f"(or the whole address to PLACES) in tests/places.py, and its row to `rows` in tests/acceptance/shop/conftest.py."
    )
    return row


def filled(shape: str, rows: Rows) -> list[str]:
    """One path, or one for each member where a row is a list."""
    names = re.findall(r"\{(\w+)\}", shape)
    missing = [name for name in names if name not in rows]
    assert not missing, f"/{shape} wants {', '.join(missing)}: add it to `rows` in tests/acceptance/shop/conftest.py."
    members = [rows[name] if isinstance(rows[name], list) else [rows[name]] for name in names]
    return [shape.format(**dict(zip(names, chosen, strict=True))) for chosen in product(*members)]
