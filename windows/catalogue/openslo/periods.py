"""timeWindow and timeslices of an SLO."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slo.periods import UNITS
from windows.texts.findings import Findings
from windows.texts.tree import Node

DURATION = re.compile(r"([1-9][0-9]{0,4})([mhdwMQY])\Z")
MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}
WINDOW = ("duration", "isRolling", "calendar")
CALENDAR = ("startTime", "timeZone")


def read_time(node: Node | None, path: str, findings: Findings) -> dict[str, Any]:
    """window_days and calendar."""
    items = findings.items(node, path, 10)
    if node is not None and node.is_list and len(items) != 1:
        findings.wrong(node, path, "Exactly one time window is expected.")
    if not items:
        return {}
    at = f"{path}[0]"
    given = findings.mapping(items[0], at, WINDOW, required=("duration",))
    count, unit = length(given.get("duration"), f"{at}.duration", findings)
    rolls = findings.truth(given.get("isRolling"), f"{at}.isRolling", "calendar" not in given)
    if rolls == ("calendar" in given):
        findings.wrong(items[0], at, "A window either rolls (isRolling: true) or has a calendar.")
    elif rolls and unit:
        minutes = count * MINUTES.get(unit, 0)
        if not minutes or minutes % 1440:
            findings.wrong(given.get("duration"), f"{at}.duration", "Whole days, like 28d or 4w; M, Q and Y need a calendar.")
        return {"window_days": minutes // 1440 or 1, "calendar": {}}
    elif unit:
        told = findings.mapping(given["calendar"], f"{at}.calendar", CALENDAR, required=CALENDAR)
        if unit not in UNITS:
            findings.wrong(given.get("duration"), f"{at}.duration", f"A calendar window is counted in {', '.join(UNITS)}.")
        start = findings.text(told.get("startTime"), f"{at}.calendar.startTime", pattern=r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
        zone = findings.text(told.get("timeZone"), f"{at}.calendar.timeZone", most=60)
        return {"calendar": {"start": start, "zone": zone, "count": count, "unit": unit}}
    return {}


def length(node: Node | None, path: str, findings: Findings) -> tuple[int, str]:
    """A duration as OpenSLO writes it: 28d, 1M. (1, "") where it cannot be read."""
    if node is None:
        return 1, ""
    found = DURATION.match(node.content) if isinstance(node.content, str) else None
    if found is None:
        findings.wrong(node, path, "A duration is a whole number and one of m, h, d, w, M, Q, Y: 28d.")
        return 1, ""
    return int(found[1]), found[2]


def read_slices(
    method: str,
    objective: Mapping[str, Node],
    path: str,
    findings: Findings,
    said: Node | None,
) -> dict[str, Any]:
    """slice_minutes and slice_target; both there exactly where the budget is one of timeslices."""
    names = ("timeSliceTarget", "timeSliceWindow")
    if method != "Timeslices":
        for name in names:
            if name in objective:
                findings.wrong(objective[name], f"{path}.{name}", "Only for budgetingMethod: Timeslices.")
        return {}
    for name in names:
        if name not in objective:
            findings.wrong(said, f"{path}.{name}", f"“{name}” is missing: Timeslices need it.")
    count, unit = length(objective.get("timeSliceWindow"), f"{path}.timeSliceWindow", findings)
    minutes = count * MINUTES.get(unit, 0)
    if unit and not 1 <= minutes <= 1440:
        findings.wrong(objective.get("timeSliceWindow"), f"{path}.timeSliceWindow", "A slice is 1m to 1d long.")
    return {"slice_minutes": minutes or 1, "slice_target": findings.share(objective.get("timeSliceTarget"), f"{path}.timeSliceTarget")}
