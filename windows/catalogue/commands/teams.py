"""Teams and who belongs to them, with which role."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from windows.access.roles import Actor, Role, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.commands.changes import check
from windows.catalogue.models import Membership, Person, Team
from windows.catalogue.queries import subject_of_team
from windows.errors import Conflict, Forbidden, Invalid, NotFound

EVERYWHERE = frozenset({Role.SRE})  # a role in any team that counts in all: only an administrator gives it


@transaction.atomic(durable=True)
def define_team(actor: Actor, slug: str, name: str, *, example: bool = False) -> Team:
    """A new team, or the same team by a new name. New ones are an administrator's to make, names also the team's owners'."""
    team = Team.objects.select_for_update().filter(slug=slug).first()
    require(actor, Verb.EDIT_TEAM, subject_of_team(slug) if team else Subject(called="teams"))
    if team is None:
        team = Team(slug=slug, name=name, is_example=example)
        check(team)
        try:
            with transaction.atomic():
                team.save()
        except IntegrityError as error:
            raise Conflict(f"Team {slug} was made meanwhile.", field="slug") from error
        record("team.created", actor, f"team:{slug}", data={"name": name})
    elif team.name != name:
        before, team.name = team.name, name
        check(team)
        team.save(update_fields=["name"])
        record("team.edited", actor, f"team:{slug}", data={"before": before, "after": name})
    return team


@transaction.atomic(durable=True)
def add_membership(actor: Actor, team: str, person_id: int, role: str) -> Membership:
    """Give a person a role in a team. Administrators and the team's owners may; nobody gives themselves one. Twice is once."""
    known, person = _guard(actor, team, person_id, role)
    membership, is_new = Membership.objects.get_or_create(team=known, person=person, role=role)
    if is_new:
        record("membership.added", actor, f"team:{team}", data={"person_id": person_id, "person": person.name, "role": role})
    return membership


@transaction.atomic(durable=True)
def remove_membership(actor: Actor, team: str, person_id: int, role: str) -> None:
    """Take a role away; the next request of that person is judged without it. Giving up one's own is allowed."""
    known, person = _guard(actor, team, person_id, role, giving_up=actor.person_id == person_id)
    gone, _ = Membership.objects.filter(team=known, person=person, role=role).delete()
    if gone:
        record("membership.removed", actor, f"team:{team}", data={"person_id": person_id, "person": person.name, "role": role})


def _guard(actor: Actor, team: str, person_id: int, role: str, *, giving_up: bool = False) -> tuple[Team, Person]:
    if not giving_up or actor.scopes is not None:
        require(actor, Verb.EDIT_TEAM, subject_of_team(team))
        if actor.person_id is not None and actor.person_id == person_id and not giving_up:
            raise Forbidden("Nobody gives themselves a role.", verb=Verb.EDIT_TEAM.value)
    if role not in {known.value for known in Role if known is not Role.ADMINISTRATOR}:
        raise Invalid(f"“{role}” is no role in a team.", field="role")
    if Role(role) in EVERYWHERE and not (giving_up or actor.administrator or actor.is_system):
        raise Forbidden(f"The role {role} counts in every team: an administrator gives and takes it.", verb=Verb.EDIT_TEAM.value)
    found = Team.objects.filter(slug=team).first()
    person = Person.objects.filter(pk=person_id, is_active=True).first() if not giving_up else Person.objects.filter(pk=person_id).first()
    if found is None or person is None:
        raise NotFound("There is no such team or person here.")
    return found, person
