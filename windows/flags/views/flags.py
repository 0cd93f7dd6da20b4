"""Where flags are set and who holds them; setting and clearing one by hand, compare-and-set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from windows.access.pages import chosen_environment, reads, signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Verb, permitted, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Deployment, Environment, Region, Service
from windows.errors import NotFound, Refused
from windows.flags.commands import clear_flag, set_flag
from windows.flags.commands.setting import check_key, subject_of
from windows.flags.models import Flag, FlagVersion
from windows.flags.queries import FlagPlace, current, history_of_place, places, places_at
from windows.flags.routing import ANY, FlagKey
from windows.lifecycle.states import Mode
from windows.lifecycle.words import mode_in_words

PAGE, CHANGES = 50, 20
MODES = [(mode.value, mode_in_words(mode.value).capitalize()) for mode in Mode if mode is not Mode.NORMAL]
LAYERS = [(f"L{n}", f"L{n}") for n in range(1, 11)]
PART = ("region", "layer", "component")
LONGEST = 30 * 24 * 60  # minutes a flag set by hand may hold


def nameless(row: Flag | FlagVersion) -> str:
    """The window behind a flag, unless it is confidential: the mode is told to all, whose it is to nobody."""
    return "" if row.confidential else row.window


def part_of(flag: Flag) -> str:
    """What of the place a flag is about."""
    said = [f"{name} {getattr(flag, name)}" for name in PART if getattr(flag, name) != ANY]
    return ", ".join(said) or "the whole service"


@reads
def flag_list(request: HttpRequest) -> HttpResponse:
    typed_in = request.GET.get("q", "").replace("\0", "").strip().lower()[:63]
    set_only, environment = request.GET.get("show") == "set", chosen_environment(request)
    after = cursor_of(request.GET, int, str, str)
    found = places(typed_in, environment, set_only=set_only, after=after and (after[0], after[1], after[2]), limit=PAGE)
    rows = [{"place": place, "window": nameless(place.decides) if place.decides else ""} for place in found[:PAGE]]
    kept = request.GET.copy()
    kept.pop("cursor", None)
    if len(found) > PAGE:
        kept["cursor"] = cursor_to(found[PAGE - 1].sort_key)
    context = {
        "rows": rows,
        "typed": typed_in,
        "set_only": set_only,
        "more": f"?{kept.urlencode()}" if len(found) > PAGE else "",
        "now": clock(),
    }
    return render(request, "flags/flags.html", context)


def known_place(service: str, environment: str) -> FlagPlace:
    """NotFound where there is neither such a service and environment nor a flag or node of that name."""
    place = places_at([(service, environment)])[0]
    there = (service == ANY or Service.objects.filter(slug=service).exists()) and (
        environment == ANY or Environment.objects.filter(slug=environment).exists()
    )
    if not (there or place.own or place.nodes):
        raise NotFound(f"There is no flag of {service[:63]} in {environment[:63]} here.")
    return place


@reads
def flag_page(request: HttpRequest, service: str, environment: str) -> HttpResponse:
    actor, place = actor_of(request), known_place(service, environment)
    subject = subject_of(FlagKey(service))
    before = cursor_of(request.GET, int)
    changes = history_of_place(service, environment, before=before[0] if before else None, limit=CHANGES + 1)
    context = {
        "place": place,
        "window": nameless(place.decides) if place.decides else "",
        "elsewhere": place.decides is not None and place.decides not in place.own,
        "own": [{"flag": flag, "part": part_of(flag), "window": nameless(flag)} for flag in place.own],
        "changes": [{"row": row, "part": part_of(row.flag), "window": nameless(row)} for row in changes[:CHANGES]],
        "more": cursor_to([changes[CHANGES - 1].global_version]) if len(changes) > CHANGES else "",
        "may_set": permitted(actor, Verb.SET_FLAG, subject),
        "may_edit": permitted(actor, Verb.EDIT_CATALOGUE, subject) and ANY not in (service, environment),
        "now": clock(),
    }
    return render(request, "flags/flag.html", context)


@reads
def nodes_panel(request: HttpRequest, service: str, environment: str) -> HttpResponse:
    """The nodes alone, asked for every two seconds: 304 while nothing that can be seen has changed."""
    place = known_place(service, environment)
    may_edit = permitted(actor_of(request), Verb.EDIT_CATALOGUE, subject_of(FlagKey(service))) and ANY not in (service, environment)
    inside = render_to_string("flags/_nodes.html", {"place": place, "may_edit": may_edit, "now": clock()})
    etag = f'"{hashlib.sha256(inside.encode()).hexdigest()[:24]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    return HttpResponse(inside, headers={"ETag": etag})


def key_of(service: str, environment: str, sent: Mapping[str, str]) -> FlagKey:
    """The very flag that is meant; Invalid where a part is no slug."""
    key = FlagKey(service, environment, *(sent.get(name) or ANY for name in PART))
    check_key(key)
    return key


@signed_in
def set_by_hand(request: HttpRequest, service: str, environment: str) -> HttpResponse:
    """The form knows the version it was shown with: who sets what somebody else changed meanwhile is told."""
    actor = actor_of(request)
    known_place(service, environment)
    key = key_of(service, environment, request.POST if request.method == "POST" else request.GET)
    require(actor, Verb.SET_FLAG, subject_of(key))
    now = current(key)
    given: dict[str, Any] = {"mode": "read_only", "minutes": "60", "message": "", "retry_after": "", "reason": ""}
    expected = str(now.version if now else 0)
    if request.method == "POST":
        given, expected = typed(request, *given), request.POST.get("expected", "")
        try:
            wait = number(given["retry_after"], "retry_after", most=86_400) if given["retry_after"] else None
            minutes = number(given["minutes"], "minutes", least=1, most=LONGEST)
            said = {"message": given["message"], "retry_after": wait}
            payload = {name: value for name, value in said.items() if value not in ("", None)}
            seen = number(expected, "version")
            set_flag(actor, key, given["mode"], payload, expected=seen, lease=timedelta(minutes=minutes), reason=given["reason"])
        except MENDED as error:
            return set_sheet(request, key, given, expected, error)
        return HttpResponseRedirect(reverse("flag", args=[service, environment]))
    return set_sheet(request, key, given, expected)


def set_sheet(request: HttpRequest, key: FlagKey, given: Mapping[str, Any], expected: str, error: Refused | None = None) -> HttpResponse:
    regions = Region.objects.filter(pk__in=Deployment.objects.filter(service__slug=key.target).values("region"))
    context = {
        "key": key,
        "expected": expected,
        "modes": MODES,
        "layers": LAYERS,
        "regions": regions.order_by("name").values_list("slug", "name"),
        "narrow": any(getattr(key, name) != ANY for name in PART),
        "now_set": current(key),
    }
    return sheet(request, "flags/set.html", given, context, error)


@signed_in
def clear_by_hand(request: HttpRequest, service: str, environment: str) -> HttpResponse:
    actor = actor_of(request)
    known_place(service, environment)
    key = key_of(service, environment, request.POST if request.method == "POST" else request.GET)
    require(actor, Verb.SET_FLAG, subject_of(key))
    now = current(key)
    if now is None:
        raise NotFound(f"The flag {key} was never set.")
    given, context = {"reason": ""}, {"key": key, "expected": str(now.version), "now_set": now}
    if request.method == "POST":
        given, expected = typed(request, "reason"), request.POST.get("expected", "")
        try:
            clear_flag(actor, key, expected=number(expected, "version"), reason=given["reason"])
        except MENDED as error:
            return sheet(request, "flags/clear.html", given, context | {"expected": expected}, error)
        return HttpResponseRedirect(reverse("flag", args=[service, environment]))
    return sheet(request, "flags/clear.html", given, context)
