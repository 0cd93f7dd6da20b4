"""Teams: who belongs to them with which role, and what they own."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Role, Subject, Verb, permitted, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.catalogue.commands.teams import add_membership, define_team, remove_membership
from windows.catalogue.models import Membership, Person, Team
from windows.catalogue.queries import subject_of_team
from windows.errors import NotFound

ROLES = [(role.value, role.value.replace("_", "-")) for role in Role if role is not Role.ADMINISTRATOR]


@reads
def team_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    counted = {"people": Count("memberships__person", distinct=True), "owned": Count("services", distinct=True)}
    rows = Team.objects.annotate(**counted).order_by("name", "slug")
    mine = {team for team, _ in actor.roles}
    context = {"rows": rows, "mine": mine, "may_add": permitted(actor, Verb.EDIT_TEAM, Subject(called="teams"))}
    return render(request, "catalogue/teams.html", context)


def team_of(slug: str) -> Team:
    """NotFound where there is none."""
    found = Team.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no team {slug[:63]} here.")
    return found


@signed_in
def team_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Members and services; a POST gives somebody a role."""
    actor, team = actor_of(request), team_of(slug)
    may_edit = permitted(actor, Verb.EDIT_TEAM, subject_of_team(slug))
    members = Membership.objects.filter(team=team).select_related("person").order_by("person__name", "person_id", "role")
    context = {
        "team": team,
        "members": members,
        "services": team.services.order_by("tier", "name"),
        "may_edit": may_edit,
        "people": Person.objects.filter(is_active=True).order_by("name").values_list("id", "name") if may_edit else [],
        "roles": ROLES,
    }
    given = {"person": "", "role": Role.MEMBER.value}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            add_membership(actor, slug, number(given["person"], "person"), given["role"])
        except MENDED as error:
            return sheet(request, "catalogue/team.html", given, context, error)
        return HttpResponseRedirect(reverse("team", args=[slug]))
    return sheet(request, "catalogue/team.html", given, context)


@signed_in
def take_role(request: HttpRequest, slug: str, person_id: int, role: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("team", args=[slug])
    held = Membership.objects.select_related("person", "team").filter(team__slug=slug, person_id=person_id, role=role).first()
    if held is None:
        raise NotFound("Nobody of that name holds this role here.")
    if person_id != actor.person_id:
        require(actor, Verb.EDIT_TEAM, subject_of_team(slug))
    question = Question(
        title=f"{held.person.name} is no longer {role.replace('_', '-')}",
        consequence="It counts from the next click on: what only this role may do is refused.",
        button="Take the role away",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
        about=held.team.name,
    )
    return decided(request, question, lambda _: remove_membership(actor, slug, person_id, role), page)


@signed_in
def new_team(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(actor, Verb.EDIT_TEAM, Subject(called="teams"))
    given = {"slug": "", "name": ""}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            define_team(actor, given["slug"], given["name"])
        except MENDED as error:
            return sheet(request, "catalogue/team_form.html", given, error=error)
        return HttpResponseRedirect(reverse("team", args=[given["slug"]]))
    return sheet(request, "catalogue/team_form.html", given)
