"""Accounts, for administrators: made, closed, opened again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.access.sheets import MENDED, sheet, typed
from windows.catalogue.commands.people import ACCOUNTS, define_person, disable_person, enable_person
from windows.catalogue.models import Person
from windows.errors import NotFound

PAGE = 100


@reads
def people(request: HttpRequest) -> HttpResponse:
    require(actor_of(request), Verb.EDIT_PEOPLE, ACCOUNTS)
    rows = Person.objects.order_by("name", "id").prefetch_related("memberships__team")
    if after := cursor_of(request.GET, str, int):
        rows = rows.filter(name__gte=after[0]).exclude(name=after[0], pk__lte=after[1])
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    more = cursor_to([shown[-1].name, shown[-1].pk]) if len(found) > PAGE else ""
    return render(request, "catalogue/people.html", {"rows": shown, "more": more})


@signed_in
def new_person(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    given = {"name": "", "email": ""}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            define_person(actor, given["email"], given["name"], password=request.POST.get("password", "")[:200])
        except MENDED as error:
            return sheet(request, "catalogue/person_form.html", given | {"password": ""}, error=error)
        return HttpResponseRedirect(reverse("people"))
    return sheet(request, "catalogue/person_form.html", given | {"password": ""})


@signed_in
def close(request: HttpRequest, person_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("people")
    require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    question = Question(
        title=f"Close the account of {name_of(person_id)}",
        consequence="Every session and token ends now and for good, also where the account is opened again later.",
        button="Close the account",
        icon="close",
        back=page,
        tone="danger",
        reason="required",
    )
    return decided(request, question, lambda reason: disable_person(actor, person_id, reason), page)


@signed_in
def open_again(request: HttpRequest, person_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("people")
    require(actor, Verb.EDIT_PEOPLE, ACCOUNTS)
    question = Question(
        title=f"Open the account of {name_of(person_id)} again",
        consequence="They sign in anew; roles in teams are as they were, tokens are not.",
        button="Open the account",
        icon="person",
        back=page,
        reason="none",
    )
    return decided(request, question, lambda _: enable_person(actor, person_id), page)


def name_of(person_id: int) -> str:
    found = Person.objects.filter(pk=person_id).values_list("name", flat=True).first()
    if found is None:
        raise NotFound("There is no such person here.")
    return found
