"""A series cut in two at one of its occurrences, and the later part moved. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from windows.errors import Invalid
from windows.scheduling.recurrence.occurrences import Recurrence, localised, occurrences
from windows.scheduling.recurrence.rules import Rule, parse_rule

STAMP = "%Y%m%dT%H%M%S"
SECOND = timedelta(seconds=1)


def before(of: Recurrence, at: datetime) -> Recurrence:
    """What is left of a recurrence when the occurrence `at` (its wall-clock time) and all that follow are taken away."""
    last = localised(at, of.zone) - SECOND
    rule = of.rule and rewritten(of.rule, COUNT=None, UNTIL=f"{last.strftime(STAMP)}Z")
    left_out = of.left_out if of.rule else of.left_out | {at}  # without a rule, the first time occurs by itself
    return replace(of, rule=rule, added=frozenset(day for day in of.added if day < at), left_out=left_out)


def after(
    of: Recurrence, at: datetime, to: datetime, until: datetime, rrule: str | None = None
) -> tuple[Recurrence, dict[datetime, datetime]]:
    """The occurrence `at` and all that follow as a recurrence of their own that begins at `to`, by a new rule or by the same one.

    Also which wall-clock time becomes which, as far as `until`: the first becomes the first, the second the second, those left out
    with them. Where the rule does not name `to` itself, Invalid(field="rrule") asks for a rule that does.
    """
    moved = to - at
    added, left_out = (frozenset(day + moved for day in dates if day >= at) for dates in (of.added, of.left_out))
    if rrule is not None:
        later = replace(of, starts=to, rule=parse_rule(rrule), added=frozenset(), left_out=frozenset())
    else:
        later = replace(of, starts=to, rule=of.rule and carried_on(of, of.rule, at, moved), added=added, left_out=left_out)
    came = walls(of, at, until)
    became = walls(later, to, until + max(moved, timedelta(0)))
    if not became or became[0] != to:
        raise Invalid(f"The rule does not name {to:%A %Y-%m-%d %H:%M}. Give the rule that is to hold from there.", field="rrule")
    return later, dict(zip(came, became, strict=False))


def walls(of: Recurrence, since: datetime, until: datetime) -> list[datetime]:
    """Every wall-clock time from one on, those left out included."""
    whole = replace(of, left_out=frozenset())
    return [one.wall for one in occurrences(whole, localised(since, of.zone), until) if one.wall >= since]


def carried_on(of: Recurrence, rule: Rule, at: datetime, moved: timedelta) -> Rule:
    """The same rule from a later first time on: fewer are left of COUNT, and UNTIL moves along."""
    if rule.count is not None:
        only = replace(of, added=frozenset(), left_out=frozenset())
        gone = len(occurrences(only, localised(of.starts, of.zone), localised(at, of.zone)))
        return rewritten(rule, COUNT=str(max(rule.count - gone, 1)))
    if rule.until is not None:
        until = rule.until + moved
        return rewritten(rule, UNTIL=until.strftime(STAMP) + ("Z" if until.tzinfo is UTC else ""))
    return rule


def rewritten(rule: Rule, **parts: str | None) -> Rule:
    """The rule with these parts set, or taken away where None."""
    said = dict(part.split("=", 1) for part in rule.text.rstrip(";").split(";"))
    told = {name: value for name, value in {**said, **parts}.items() if value is not None}
    return parse_rule(";".join(f"{name}={value}" for name, value in told.items()))
