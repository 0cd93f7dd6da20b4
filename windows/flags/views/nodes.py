"""Nodes that must acknowledge: registering one (its token is shown once) and retiring one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.access.sheets import MENDED, once, sheet, typed
from windows.catalogue.models import Deployment
from windows.errors import NotFound
from windows.flags.commands import register_node, retire_node
from windows.flags.commands.setting import subject_of
from windows.flags.models import Node
from windows.flags.routing import FlagKey


@signed_in
def new_node(request: HttpRequest, service: str, environment: str) -> HttpResponse:
    actor = actor_of(request)
    here = Deployment.objects.filter(service__slug=service, environment__slug=environment).select_related("region").order_by("region__name")
    regions = [(row.region.slug, row.region.name) for row in here]
    if not regions:
        raise NotFound(f"{service[:63]} does not run in {environment[:63]}.")
    require(actor, Verb.EDIT_CATALOGUE, subject_of(FlagKey(service), f"the nodes of {service}"))
    given = {"region": regions[0][0], "name": ""}
    context = {"service": service, "environment": environment, "regions": regions}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            node, raw = register_node(actor, service=service, environment=environment, **given)
        except MENDED as error:
            return sheet(request, "flags/node.html", given, context, error)
        use = "The node sends it as a bearer token when it reads the flag and acknowledges it (FLAGS_NODE_TOKEN)."
        return once(request, f"The token of {node.name}", raw, use, back=reverse("flag", args=[service, environment]))
    return sheet(request, "flags/node.html", given, context)


@signed_in
def retire(request: HttpRequest, node_id: int) -> HttpResponse:
    actor = actor_of(request)
    node = Node.objects.filter(pk=node_id).first()
    if node is None:
        raise NotFound("There is no such node here.")
    require(actor, Verb.EDIT_CATALOGUE, subject_of(FlagKey(node.service), f"the nodes of {node.service}"))
    page = reverse("flag", args=[node.service, node.environment])
    question = Question(
        title=f"Retire {node.name}",
        consequence="Nobody waits for its receipts any more, and its token is refused from now on.",
        button="Retire the node",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
        about=f"{node.service} in {node.environment}, {node.region}",
    )
    return decided(request, question, lambda _: retire_node(actor, node_id), page)
