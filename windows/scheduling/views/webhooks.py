"""A provider's webhook as settings: where it sends, its secrets, what was heard last."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.sheets import MENDED, once, sheet
from windows.errors import NotFound
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.calendars_in.webhooks import MOST_SECRETS, end_webhook_secret, make_webhook_secret
from windows.scheduling.models import CalendarSource

LATEST = 10  # webhooks that are shown


def own(source_id: int) -> CalendarSource:
    source = CalendarSource.objects.filter(pk=source_id, removed_at=None).first()
    if source is None:
        raise NotFound("There is no such calendar.")
    return source


@signed_in
def webhook_page(request: HttpRequest, source_id: int) -> HttpResponse:
    """A POST makes a secret, shown once."""
    actor = actor_of(request)
    require_calendars(actor)
    source, here = own(source_id), reverse("webhook-in", args=[source_id])
    secrets = list(source.secrets.filter(ended_at=None).select_related("made_by").order_by("pk"))
    context = {
        "source": source,
        "address": f"{settings.PORTAL_URL}/api/v1/calendars-in/{source.pk}/webhook",
        "secrets": secrets,
        "heard": list(source.heard.order_by("-heard_at")[:LATEST]),
        "room": len(secrets) < MOST_SECRETS,
        "most": MOST_SECRETS,
    }
    if request.method != "POST":
        return sheet(request, "scheduling/webhook_in.html", {}, context)
    try:
        _, secret = make_webhook_secret(actor, source_id)
    except MENDED as error:
        return sheet(request, "scheduling/webhook_in.html", {}, context, error)
    use = f"Give it to the provider, with the address {context['address']}. Each message is signed with it, as Standard Webhooks says."
    return once(request, f"A webhook secret of “{source.name}”", secret, use, back=here, label="Secret")


@signed_in
def end_webhook(request: HttpRequest, source_id: int, secret_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("webhook-in", args=[source_id])
    require_calendars(actor)
    row = own(source_id).secrets.filter(pk=secret_id, ended_at=None).first()
    if row is None:
        raise NotFound("There is no such secret.")
    question = Question(
        title="End this webhook secret",
        consequence="What is signed with it is refused from now on. It cannot be brought back; what was heard stays.",
        button="End the secret",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
        about=f"secret {row.pk}",
    )
    return decided(request, question, lambda _: end_webhook_secret(actor, source_id, secret_id), page)
