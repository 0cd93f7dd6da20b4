"""Standard changes in the browser: the catalogue, one made from a window, one retired, a window planned from one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import TABLE, Actor, Subject, Verb, permitted, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.errors import Conflict, Invalid, NotFound, Refused
from windows.scheduling.commands.series import said_of
from windows.scheduling.commands.templates import TemplateDraft, make_template, plan_from_template, retire_template, scope_rows
from windows.scheduling.models import Window
from windows.scheduling.pre_authorised import WORDS
from windows.scheduling.queries import WindowView, window_id_of, window_view
from windows.scheduling.queries.templates import TemplateView, change_template, change_templates
from windows.scheduling.times import from_wall

SHOWN = 50
FIELDS = ("window", "name", "minutes", "opens", "closes", "timezone")
TAKEN = ("team", "reason", "mode", "runbook_version_id", "parameters", "expected_impact")  # as the window says them


def over(actor: Actor, verb: Verb, team: str) -> bool:
    return permitted(actor, verb, Subject(team=team))


def may_make(actor: Actor) -> bool:
    return any(role in TABLE[Verb.EDIT_TEMPLATE] for _, role in actor.roles)


@reads
def template_list(request: HttpRequest) -> HttpResponse:
    """Those in force, by name; those that are retired behind a chip."""
    actor, retired = actor_of(request), request.GET.get("show") == "retired"
    after = cursor_of(request.GET, str, int)
    rows = change_templates(retired=retired, limit=SHOWN, after=(after[0], after[1]) if after else None)
    shown = [
        {"one": one, "plan": over(actor, Verb.DRAFT, one.team), "edit": over(actor, Verb.EDIT_TEMPLATE, one.team)} for one in rows[:SHOWN]
    ]
    onward = cursor_to((rows[SHOWN - 1].name, rows[SHOWN - 1].id)) if len(rows) > SHOWN else ""
    return sheet(
        request, "scheduling/change_templates.html", {}, {"rows": shown, "retired": retired, "onward": onward, "may_make": may_make(actor)}
    )


@signed_in
def new_template(request: HttpRequest, reference: str = "") -> HttpResponse:
    """Made from a window: what it touches, how and with which runbook; the name, the length and the hours are said here."""
    actor = actor_of(request)
    if request.method != "POST":
        given: dict[str, Any] = dict.fromkeys(FIELDS, "") | {
            "window": reference,
            "days": [],
            "timezone": getattr(request.user, "timezone", "UTC"),
        }
        source = window_view(window_id_of(reference), actor) if reference else None
        if source is not None:
            given |= {"name": source.title[:120], "timezone": source.timezone}
            given["minutes"] = str(int((source.ends_at - source.starts_at).total_seconds() // 60))
        return template_sheet(request, given, source)
    given = typed(request, *FIELDS, lists=("days",))
    source = None
    try:
        source = source_of(given["window"], actor)
        said: dict[str, Any] = said_of(Window.objects.select_related("team").get(pk=source.id))
        make_template(
            actor,
            TemplateDraft(
                **{name: said[name] for name in TAKEN},
                name=given["name"],
                scope=scope_rows(said["scope"]),
                minutes=number(given["minutes"], "minutes", least=1),
                days=tuple(given["days"]),
                **{name: given[name] for name in ("opens", "closes", "timezone")},
            ),
        )
    except MENDED as error:
        return template_sheet(request, given, source, error)
    return HttpResponseRedirect(reverse("change-templates"))


def source_of(reference: str, actor: Actor) -> WindowView:
    """The window it is made from; the catalogue is for every eye, so that a confidential one is refused."""
    try:
        source = window_view(window_id_of(reference), actor)
    except NotFound:
        raise Invalid("There is no such window. Write its reference, such as MW-1042.", field="window") from None
    if source.confidential:
        raise Invalid("This window is confidential; everybody reads the catalogue.", field="window")
    return source


def template_sheet(request: HttpRequest, given: dict[str, Any], source: WindowView | None, error: Refused | None = None) -> HttpResponse:
    context = {"source": source, "day_words": list(WORDS.items())}
    return sheet(request, "scheduling/change_template_form.html", given, context, error)


@signed_in
def retire_one(request: HttpRequest, template_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("change-templates")
    one = change_template(template_id)
    require(actor, Verb.EDIT_TEMPLATE, Subject(team=one.team, called=f"standard changes of {one.team}"))
    question = Question(
        title="Retire this standard change",
        consequence="It authorises nothing any more: such a window needs signatures again. What was approved under it stays approved.",
        button="Retire it",
        icon="close",
        back=page,
        tone="danger",
        reason="required",
        about=one.name,
    )

    def retire(reason: str) -> None:
        try:
            retire_template(actor, template_id, reason)
        except Conflict as error:
            raise Invalid(error.detail, field="reason") from error

    return decided(request, question, retire, page)


@signed_in
def plan_one(request: HttpRequest, template_id: int) -> HttpResponse:
    """Everything but the time is known: the form asks for that, and files the draft."""
    actor, one = actor_of(request), change_template(template_id)
    require(actor, Verb.DRAFT, Subject(team=one.team, called=f"windows of {one.team}"))
    given: dict[str, Any] = {"title": one.name, "starts_at": "", "timezone": one.hours.timezone}
    if request.method != "POST":
        return plan_sheet(request, given, one)
    given = typed(request, *given)
    try:
        starts_at = from_wall(given["starts_at"], given["timezone"], "starts_at")
        window = plan_from_template(actor, template_id, starts_at, title=given["title"], timezone=given["timezone"])
    except MENDED as error:
        return plan_sheet(request, given, one, error)
    return HttpResponseRedirect(reverse("window", args=[window.reference]))


def plan_sheet(request: HttpRequest, given: dict[str, Any], one: TemplateView, error: Refused | None = None) -> HttpResponse:
    return sheet(request, "scheduling/change_template_plan.html", given, {"one": one}, error)
