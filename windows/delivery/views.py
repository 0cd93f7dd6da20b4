"""Settings → Channels: how each of one's teams is told, with a try; secrets are never shown back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor, Subject, Verb, permitted
from windows.access.sheets import MENDED, once, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Team
from windows.delivery.commands.configuring import ChannelDraft, add_channel, end_channel, try_channel
from windows.delivery.models import Channel, Message, Urgency
from windows.delivery.queries import last_of
from windows.delivery.registry import kinds
from windows.errors import NotFound

URGENCIES = [(Urgency.PAGE.value, "Pages"), (Urgency.TICKET.value, "Tickets"), (Urgency.NOTICE.value, "Notices")]


def editable(actor: Actor) -> list[tuple[str, str]]:
    """The teams whose channels this person may edit."""
    rows = Team.objects.order_by("name").values_list("slug", "name")
    return [(slug, name) for slug, name in rows if permitted(actor, Verb.EDIT_CHANNELS, Subject(team=slug))]


@signed_in
def channel_list(request: HttpRequest) -> HttpResponse:
    """The channels of one's teams with how the last message fared; a POST adds one."""
    actor, page = actor_of(request), reverse("channels")
    teams = editable(actor)
    seen = sorted({team for team, _ in actor.roles} | {slug for slug, _ in teams})
    rows = list(Channel.objects.filter(team__in=seen).order_by("ended_at", "team", "name")[:200])
    last = last_of([row.pk for row in rows])
    mine = {slug for slug, _ in teams}
    context = {
        "rows": [{"channel": row, "last": last.get(row.pk), "may_edit": row.team in mine and row.ended_at is None,
                  "kind": getattr(kinds().get(row.kind), "label", row.kind)} for row in rows],
        "teams": teams, "kinds": [(name, how.label) for name, how in sorted(kinds().items())], "urgencies": URGENCIES, "now": clock(),
    }  # fmt: skip
    given: dict[str, Any] = {"team": "", "kind": "slack", "name": "", "address": "", "secret": "", "urgencies": [Urgency.PAGE.value]}
    if request.method == "POST":
        given = typed(request, "team", "kind", "name", "address", "secret", lists=("urgencies",))
        try:
            channel, secret = add_channel(actor, ChannelDraft(**{**given, "urgencies": tuple(given["urgencies"])}))
        except MENDED as error:
            return sheet(request, "delivery/channels.html", given | {"secret": ""}, context, error)
        if secret:
            use = "The receiver checks every message with it, as Standard Webhooks says (webhook-signature)."
            return once(request, f"The secret of “{channel.name}”", secret, use, back=page, label="Secret")
        return HttpResponseRedirect(page)
    return sheet(request, "delivery/channels.html", given, context)


def named(actor: Actor, channel_id: int) -> Channel:
    """Its name is for those who may edit it; to others there is none."""
    channel = Channel.objects.filter(pk=channel_id, ended_at=None).first()
    if channel is None or not permitted(actor, Verb.EDIT_CHANNELS, Subject(team=channel.team)):
        raise NotFound("There is no such channel.")
    return channel


@signed_in
def try_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    actor = actor_of(request)
    channel = named(actor, channel_id)
    question = Question(
        title=f"Try “{channel.name}”", consequence="A message that says it is a try goes there; the list shows whether it got through.",
        button="Send a try", icon="mail", back=reverse("channels"), reason="none", about=channel.team,
    )  # fmt: skip
    return decided(request, question, lambda _: try_channel(actor, channel_id), reverse("channels"))


@signed_in
def end_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    actor = actor_of(request)
    channel = named(actor, channel_id)
    waiting = Message.objects.filter(target=channel, status="queued").count()
    more = f" {waiting} message{'s wait' if waiting != 1 else ' waits'} there and will not go out." if waiting else ""
    question = Question(
        title=f"End “{channel.name}”", consequence=f"Nothing goes there any more.{more} Its secret is forgotten.", button="End the channel",
        icon="close", back=reverse("channels"), tone="danger", reason="none", about=channel.team,
    )  # fmt: skip
    return decided(request, question, lambda _: end_channel(actor, channel_id), reverse("channels"))
