"""Accounts: made, edited, disabled. A disabled person has no session and no token left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.commands.changes import check, only
from windows.catalogue.models import ApiToken, Person
from windows.errors import Conflict, Forbidden, Invalid, NotFound

ACCOUNTS = Subject(called="accounts")
WRITABLE = frozenset({"name", "timezone", "wants_digest"})


@transaction.atomic(durable=True)
def define_person(
    actor: Actor,
    email: str,
    name: str,
    *,
    password: str | None = None,
    timezone: str = "UTC",
    administrator: bool = False,
    example: bool = False,
) -> Person:
    """A new account. Without a password nobody can sign in to it until one is set. Conflict(field="email") where it is taken."""
    require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    person = Person(email=email.strip().lower(), name=name.strip(), timezone=timezone, is_superuser=administrator, is_example=example)
    _set_password(person, password)
    _valid(person)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise Conflict(f"{person.email} has an account.", field="email") from error
    record("person.created", actor, f"person:{person.pk}", data={"name": person.name, "administrator": administrator})
    return person


@transaction.atomic(durable=True)
def edit_person(actor: Actor, person_id: int, changes: Mapping[str, Any]) -> Person:
    """Change name, time zone, or whether the weekly review comes by mail: one's own when signed in, anybody's as administrator.

    Role, e-mail and rights are no fields of it."""
    only(changes, WRITABLE)
    person = _locked(person_id)
    if person.pk != actor.person_id or actor.scopes is not None:
        require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    before = {name: getattr(person, name) for name in changes}
    for name, value in changes.items():
        setattr(person, name, value)
    _valid(person, changes)
    anew = ["digest_week"] if changes.get("wants_digest") and not before["wants_digest"] else []  # the next Monday is the first
    person.digest_week = "" if anew else person.digest_week
    person.save(update_fields=[*changes, *anew])
    record("person.edited", actor, f"person:{person.pk}", data={"before": before, "after": dict(changes)})
    return person


@transaction.atomic(durable=True)
def change_password(actor: Actor, person_id: int, password: str) -> None:
    """One's own, or anybody's as administrator; every session of that person ends (the session hash covers the password)."""
    person = _locked(person_id)
    if actor.scopes is not None:
        raise Forbidden("A token cannot change a password.", verb="edit_people")
    if person.pk != actor.person_id:
        require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    _set_password(person, password)
    person.save(update_fields=["password"])
    record("person.password_changed", actor, f"person:{person.pk}")


@transaction.atomic(durable=True)
def end_sessions(actor: Actor, person_id: int) -> None:
    """Sign a person out of every browser: oneself when signed in, anybody as administrator. Tokens stay: each is revoked by itself."""
    person = _locked(person_id)
    if person.pk != actor.person_id or actor.scopes is not None:
        require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    person.sessions_generation = F("sessions_generation") + 1
    person.save(update_fields=["sessions_generation"])
    record("person.signed_out", actor, f"person:{person_id}")


@transaction.atomic(durable=True)
def disable_person(actor: Actor, person_id: int, reason: str) -> None:
    """Close an account: sessions and tokens end now and for good, also where it is enabled again later. Nobody disables themselves."""
    require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    if person_id == actor.person_id:
        raise Conflict("Nobody disables their own account: another administrator must.", field="person")
    person = _locked(person_id)
    if not person.is_active:
        return
    person.is_active = False
    person.sessions_generation = F("sessions_generation") + 1
    person.save(update_fields=["is_active", "sessions_generation"])
    ended = ApiToken.objects.filter(person_id=person_id, revoked_at=None).update(revoked_at=clock())
    record("person.disabled", actor, f"person:{person_id}", data={"name": person.name, "reason": reason, "tokens_revoked": ended})


@transaction.atomic(durable=True)
def enable_person(actor: Actor, person_id: int) -> None:
    """Open a disabled account again; its person signs in anew and asks for new tokens."""
    require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    if Person.objects.filter(pk=person_id, is_active=False).update(is_active=True):
        record("person.enabled", actor, f"person:{person_id}")


def _locked(person_id: int) -> Person:
    person = Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NotFound("There is no such person here.")
    return person


def _valid(person: Person, changes: Mapping[str, Any] | None = None) -> None:
    check(person, changes)
    if person.timezone not in available_timezones():
        raise Invalid(f"“{person.timezone}” is no IANA time zone.", field="timezone")


def _set_password(person: Person, password: str | None) -> None:
    if password is not None:
        try:
            validate_password(password, person)
        except ValidationError as error:
            raise Invalid(" ".join(error.messages), field="password") from error
    person.set_password(password)
