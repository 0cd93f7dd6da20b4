"""Verb of the schedule: ask Alertmanager what its silences withhold, so that the ledger holds what nobody was told of (F3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from windows.access.roles import ENGINE
from windows.actions.ports import Unreachable
from windows.alerts.commands.hearing import hear
from windows.alerts.wire import MOST, Call, Heard, alert
from windows.errors import Invalid
from windows.live.models import LiveScope
from windows.outbound.exchange import exchange
from windows.outbound.limits import Limits

OURS = re.compile(r"\[(MW-\d+) \d+\]$")  # the mark at the end of our silences' comments
PATIENCE = 5.0


def hear_withheld() -> int:
    """While a window is open: what is suppressed goes into the ledger with the silence that did it. How many; PortError where Alertmanager
    does not answer."""
    if not settings.ALERTMANAGER_URL or not LiveScope.objects.exists():
        return 0
    told = ask("/alerts?active=false&inhibited=false&silenced=true&unprocessed=false")
    silences = {one["id"]: one for one in ask("/silences")} if told else {}
    heard = [one for each in told[:MOST] if (one := withheld(each, silences)) is not None]
    if heard:
        hear(ENGINE, Call(tuple(heard)))
    return len(heard)


def withheld(told: Mapping[str, Any], silences: Mapping[str, Mapping[str, Any]]) -> Heard | None:
    try:
        one = alert(told, "alert")
    except Invalid:
        return None
    by = [silences[name] for name in told["status"].get("silencedBy", []) if name in silences]
    if not by:
        return None
    mine = next((found[1] for each in by if (found := OURS.search(str(each.get("comment", ""))))), "")
    each = next((each for each in by if mine and mine in str(each.get("comment", ""))), by[0])
    who = (
        f"the silence of {mine}"
        if mine
        else f"a silence of {str(each.get('createdBy', 'somebody'))[:80]} (“{str(each.get('comment', ''))[:120]}”)"
    )
    return replace(one, withheld=f"Withheld in Alertmanager by {who}.", withheld_by=mine)


def ask(path: str) -> Any:
    host = urlsplit(settings.ALERTMANAGER_URL).hostname or ""
    url = f"{settings.ALERTMANAGER_URL.rstrip('/')}/api/v2{path}"
    answer = exchange("GET", url, Limits.of(PATIENCE, lambda: False), headers={"User-Agent": "Roadworks"}, allowed=[host])
    if answer.status != 200:
        raise Unreachable(f"Alertmanager answered {answer.status}.")
    try:
        found = json.loads(answer.body)
    except ValueError:
        raise Unreachable("Alertmanager's answer is no JSON.") from None
    if not isinstance(found, list):
        raise Unreachable("Alertmanager's answer is no list.")
    return found
