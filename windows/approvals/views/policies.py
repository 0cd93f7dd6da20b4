"""Approval policies: which windows take whose signatures. Everybody reads them, administrators write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Role, Verb, permitted, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.approvals.bounds import told_hours
from windows.approvals.commands import delete_policy, save_policy
from windows.approvals.commands.policies import POLICIES, PolicyDraft
from windows.approvals.models import Policy
from windows.approvals.policy import BUDGET_BELOW, CHOICES, FEWEST_USERS, HOURS
from windows.catalogue.models import Environment
from windows.errors import Invalid, NotFound, Refused
from windows.scheduling.pre_authorised import WORDS

ROWS = range(1, 6)  # signatures a form asks about
ROLES = [(role.value, role.value.replace("_", "-")) for role in Role if role not in (Role.VIEWER, Role.ADMINISTRATOR)]
WHOSE = [("owner", "of the owning team"), ("affected", "of each affected team"), ("any", "of any team")]
ORDERED = {"change_type": ["standard", "normal", "emergency"], "layer": [f"L{n}" for n in range(1, 11)], "tier": ["1", "2", "3", "4"]}
TICKED = ("tier", "change_type", "mode", "layer", "environment")
LISTED = ("service", "team")
TIMED = ("opens", "closes", "timezone")  # beside the days: of the hours a window begins in, and of those it must lie in
SHARE = "budget_percent"


def in_words(policy: Policy) -> dict[str, Any]:
    """What it fits and whom it asks, as people say it."""
    fits = []
    for name, value in policy.match.items():
        if name == FEWEST_USERS:
            fits.append(f"{value:,} users or more")
        elif name == BUDGET_BELOW:
            fits.append(f"less than {100 * value:.0f} % of the error budget left")
        elif name == HOURS:
            fits.append(f"begins {told_hours(value)}")
        else:
            fits.append(f"{name.replace('_', ' ')} {' or '.join(str(one).replace('_', '-') for one in value)}")
    whose = {"owner": "of the owning team", "affected": "of each affected team", "any": ""}
    turns = sorted({need.get("turn", 1) for need in policy.requires})
    asks = []
    for need in sorted(policy.requires, key=lambda need: need.get("turn", 1)):
        after = "then " if need.get("turn", 1) != turns[0] else ""
        asks.append(f"{after}{need['quorum']} × {need['role']} {whose.get(need['team'], '')}".strip())
    return {"policy": policy, "fits": fits, "asks": asks, "bounds": bounds_in_words(policy.bounds)}


def bounds_in_words(bounds: Mapping[str, Any]) -> list[str]:
    said = []
    if "lead_hours" in bounds:
        said.append(f"asked for {bounds['lead_hours']} hours before it begins")
    if "longest_minutes" in bounds:
        said.append(f"at most {bounds['longest_minutes']} minutes long")
    if "hours" in bounds:
        said.append(f"within {told_hours(bounds['hours'])}")
    if said:
        role = bounds.get("else_role", "").replace("_", "-")
        said.append(f"else {role} signs too" if role else "else refused")
    return said


def hours_given(prefix: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_days": list(stored.get("days", []))} | {f"{prefix}_{name}": stored.get(name, "") for name in TIMED}


def hours_in(prefix: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    days, opens, closes = (given[f"{prefix}_{name}"] for name in ("days", "opens", "closes"))
    if not days and not opens and not closes:
        return None
    return {"days": days, "opens": opens, "closes": closes, "timezone": given[f"{prefix}_timezone"] or "UTC"}


@reads
def policy_list(request: HttpRequest) -> HttpResponse:
    rows = [in_words(one) for one in Policy.objects.order_by("position", "id")[:500]]
    may_edit = permitted(actor_of(request), Verb.EDIT_POLICY, POLICIES)
    return render(request, "approvals/policies.html", {"rows": rows, "may_edit": may_edit})


def as_given(policy: Policy) -> dict[str, Any]:
    match = policy.match
    given: dict[str, Any] = {name: [str(one) for one in match.get(name, [])] for name in TICKED}
    given |= {name: ", ".join(match.get(name, [])) for name in LISTED}
    given |= {"name": policy.name, "position": str(policy.position), FEWEST_USERS: str(match.get(FEWEST_USERS, ""))}
    given |= {"separate_executor": policy.separate_executor, "is_enabled": policy.is_enabled}
    given |= {SHARE: f"{100 * match[BUDGET_BELOW]:g}" if BUDGET_BELOW in match else ""} | hours_given("match", match.get(HOURS, {}))
    bounds = policy.bounds
    given |= {name: str(bounds.get(name, "")) for name in ("lead_hours", "longest_minutes", "else_role")}
    given |= hours_given("bounds", bounds.get("hours", {}))
    for n in ROWS:
        need = policy.requires[n - 1] if n <= len(policy.requires) else {"role": "", "quorum": 1, "team": "owner"}
        given |= {
            f"role_{n}": need["role"],
            f"quorum_{n}": str(need["quorum"]),
            f"of_{n}": need["team"],
            f"turn_{n}": str(need.get("turn", 1)),
        }
    return given


def draft_in(given: Mapping[str, Any]) -> PolicyDraft:
    match: dict[str, Any] = {name: given[name] for name in TICKED if given[name]}
    if "tier" in match:
        match["tier"] = [number(one, "tier", least=1, most=4) for one in match["tier"]]
    for name in LISTED:
        if words := [word for word in re.split(r"[\s,]+", given[name]) if word]:
            match[name] = words
    if given[FEWEST_USERS]:
        match[FEWEST_USERS] = number(given[FEWEST_USERS], FEWEST_USERS)
    if given[SHARE]:
        match[BUDGET_BELOW] = number(given[SHARE], SHARE, least=1, most=100) / 100
    if hours := hours_in("match", given):
        match[HOURS] = hours
    bounds: dict[str, Any] = {name: number(given[name], name, least=1) for name in ("lead_hours", "longest_minutes") if given[name]}
    bounds |= {"hours": hours_in("bounds", given), "else_role": given["else_role"]}
    requires = [
        {
            "role": given[f"role_{n}"],
            "quorum": number(given[f"quorum_{n}"], f"quorum_{n}", least=1, most=20),
            "team": given[f"of_{n}"],
            "turn": number(given[f"turn_{n}"] or "1", f"turn_{n}", least=1, most=9),
        }
        for n in ROWS
        if given[f"role_{n}"]
    ]
    return PolicyDraft(
        name=given["name"],
        position=number(given["position"], "position", most=9999),
        match=match,
        requires=requires,
        separate_executor=bool(given["separate_executor"]),
        bounds=bounds,
        is_enabled=bool(given["is_enabled"]),
    )


def policy_sheet(request: HttpRequest, given: dict[str, Any], policy: Policy | None, error: Refused | None = None) -> HttpResponse:
    choices = {name: [(one, one.replace("_", "-")) for one in ordered(name)] for name in ("tier", "change_type", "mode", "layer")}
    parts = ("role", "quorum", "of", "turn")
    places = [{part: given[f"{part}_{n}"] for part in parts} | {"n": n, "names": [f"{part}_{n}" for part in parts]} for n in ROWS]
    context = {
        "policy": policy,
        "choices": choices | {"environment": list(Environment.objects.order_by("name").values_list("slug", "name"))},
        "places": places,
        "roles": ROLES,
        "whose": WHOSE,
        "day_words": list(WORDS.items()),
    }
    return sheet(request, "approvals/policy_form.html", given, context, error)


def in_row(error: Refused, given: Mapping[str, Any]) -> Refused:
    """What the command says of requires[0].team, said of the row it was typed in; of match.hours.opens, of that field."""
    timed = re.fullmatch(r"(match|bounds)\.hours(?:\.(\w+))?", str(getattr(error, "field", "")))
    if timed is not None:
        return Invalid(error.detail, field=f"{timed[1]}_{timed[2] or 'opens'}")
    told = re.fullmatch(r"requires\[(\d+)\]\.(role|quorum|team|turn)", str(getattr(error, "field", "")))
    if told is None:
        return error
    row = [n for n in ROWS if given[f"role_{n}"]][int(told[1])]
    return Invalid(error.detail, field=f"{'of' if told[2] == 'team' else told[2]}_{row}")


def ordered(name: str) -> list[str]:
    return ORDERED.get(name) or sorted(str(one) for one in CHOICES[name])


@signed_in
def edit_policy(request: HttpRequest, policy_id: int | None = None) -> HttpResponse:
    actor = actor_of(request)
    require(actor, Verb.EDIT_POLICY, POLICIES)
    policy = None if policy_id is None else found(policy_id)
    given = as_given(policy or Policy(name="", position=100, is_enabled=True))
    if request.method == "POST":
        rows = [f"{part}_{n}" for n in ROWS for part in ("role", "quorum", "of", "turn")]
        timed = [f"{part}_{name}" for part in ("match", "bounds") for name in TIMED]
        bounds = (SHARE, "lead_hours", "longest_minutes", "else_role", *timed)
        names = ("name", "position", *LISTED, FEWEST_USERS, "separate_executor", "is_enabled", *bounds, *rows)
        given = typed(request, *names, lists=(*TICKED, "match_days", "bounds_days"))
        try:
            save_policy(actor, draft_in(given), policy_id=policy_id)
        except MENDED as error:
            return policy_sheet(request, given, policy, in_row(error, given))
        return HttpResponseRedirect(reverse("policies"))
    return policy_sheet(request, given, policy)


@signed_in
def remove_policy(request: HttpRequest, policy_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("policies")
    require(actor, Verb.EDIT_POLICY, POLICIES)
    policy = found(policy_id)
    question = Question(
        title=f"Remove the policy “{policy.name}”",
        consequence="Windows it fitted are judged by the next policy that fits. Requests already made keep what they asked for.",
        button="Remove the policy",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
    )
    return decided(request, question, lambda _: delete_policy(actor, policy_id), page)


def found(policy_id: int) -> Policy:
    policy = Policy.objects.filter(pk=policy_id).first()
    if policy is None:
        raise NotFound("There is no such policy.")
    return policy
