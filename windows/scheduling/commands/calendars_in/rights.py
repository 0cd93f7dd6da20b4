"""Who may feed calendars in."""

from __future__ import annotations

from windows.access.roles import TABLE, Actor, Subject, Verb, require
from windows.errors import Forbidden

VERB = Verb.EDIT_CALENDARS


def require_calendars(actor: Actor) -> int:
    """Somebody with a role of the table in any team; answers who. Calendars belong to no team: they reach everybody's services."""
    own = next((team for team, role in sorted(actor.roles) if role in TABLE[VERB]), None)
    require(actor, VERB, Subject(team=own, called="calendars in"))
    if actor.person_id is None:
        raise Forbidden("Calendars are brought in by a person.", verb=VERB.value)
    return actor.person_id
