"""Verbs: make and end the secret of a provider's webhook, and hear what it says. Standard Webhooks, as we send them ourselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from django.conf import settings

from windows.access.roles import SCHEDULE, Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Invalid, NotFound, TooLarge, Unproved
from windows.ical_in.events import calendar_in, without_what_json_need_not_say
from windows.ical_in.lines import LARGEST, Unreadable
from windows.ical_in.notices import Notice
from windows.ical_in.signed import Signed, Unsigned, proved
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.calendars_in.taking import Taken, take
from windows.scheduling.commands.calendars_in.uploads import understood
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import CalendarSource, HeardWebhook, WebhookSecret

MOST_SECRETS = 3  # in force at once: one takes another's place
REMEMBERED = timedelta(days=3)  # senders try again for a day or so


@one_transaction
def make_webhook_secret(actor: Actor, source_id: int) -> tuple[WebhookSecret, str]:
    """From now on the source hears what is signed with it: (row, the secret as it is shown once)."""
    person = require_calendars(actor)
    source = standing(source_id)
    if source.url:
        raise Conflict("This calendar is read from its address. Add one without an address for a webhook.", field="url")
    if source.secrets.filter(ended_at=None).count() >= MOST_SECRETS:
        raise Conflict(f"{MOST_SECRETS} secrets are in force; end one first.", field="secrets")
    row = WebhookSecret.objects.create(source=source, salt=secrets.token_hex(16), made_by_id=person)
    record("webhook_secret.made", actor, f"calendar:{source.pk}", data={"name": source.name, "secret": row.pk})
    return row, f"whsec_{base64.b64encode(key_of(row, settings.SECRET_KEY)).decode()}"


@one_transaction
def end_webhook_secret(actor: Actor, source_id: int, secret_id: int) -> WebhookSecret:
    """What is signed with it is heard no more."""
    require_calendars(actor)
    source = standing(source_id)
    row = source.secrets.select_for_update().filter(pk=secret_id, ended_at=None).first()
    if row is None:
        raise NotFound("There is no such secret.")
    row.ended_at = clock()
    row.save(update_fields=["ended_at"])
    record("webhook_secret.ended", actor, f"calendar:{source.pk}", data={"name": source.name, "secret": row.pk})
    return row


def standing(source_id: int) -> CalendarSource:
    source = CalendarSource.objects.select_for_update().filter(pk=source_id, removed_at=None).first()
    if source is None:
        raise NotFound("There is no such calendar.")
    return source


def key_of(row: WebhookSecret, own: str) -> bytes:
    return hmac.digest(own.encode(), f"webhook of calendar {row.source_id} {row.salt}".encode(), hashlib.sha256)


def hear_webhook(source_id: int, headers: Mapping[str, str], body: bytes) -> Taken:
    """What a provider's webhook says, taken once; the same message tried again changes nothing. Nobody is signed in: the signature is all.

    Unproved where it does not fit, is of another hour, or was heard just so before; Invalid(field="file") for a body that is no notice.
    """
    if len(body) > LARGEST:
        raise TooLarge(f"A webhook has at most {LARGEST // 1024} KiB.", limit=LARGEST)
    rows = WebhookSecret.objects.filter(source=source_id, source__removed_at=None, ended_at=None)
    owned = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    try:
        signed = proved(headers, body, [key_of(row, own) for row in rows for own in owned], clock())
    except Unsigned as error:
        raise Unproved(str(error)) from None
    return keep_heard(source_id, signed, said_in(body))


def said_in(body: bytes) -> list[Notice]:
    try:
        calendar, was_json = calendar_in(body)
    except Unreadable as error:
        raise Invalid(error.detail, field="file", line=error.line) from None
    found = understood(calendar)
    return [without_what_json_need_not_say(one) for one in found] if was_json else found


@one_transaction
def keep_heard(source_id: int, signed: Signed, notices: list[Notice]) -> Taken:
    source = CalendarSource.objects.select_for_update().filter(pk=source_id, removed_at=None).first()  # one message of it at a time
    if source is None:
        raise Unproved("The signature does not fit.")
    now = clock()
    source.heard.filter(heard_at__lt=now - REMEMBERED).delete()
    row, new = HeardWebhook.objects.get_or_create(source=source, webhook_id=signed.id, defaults={"signed_at": signed.at})
    if not new:
        if signed.at <= row.signed_at:
            raise Unproved("This webhook was heard before. Whoever tries again signs with a new webhook-timestamp.")
        HeardWebhook.objects.filter(pk=row.pk).update(signed_at=signed.at)
        return Taken()
    source.polled_at = source.succeeded_at = now
    source.save(update_fields=["polled_at", "succeeded_at"])
    taken = take(replace(SCHEDULE, name=f"Webhook of {source.name}"), notices, via="webhook", source=source)
    record("webhook.heard", SCHEDULE, f"calendar:{source.pk}", data={"name": source.name, "id": signed.id, "notices": len(notices)})
    return taken
