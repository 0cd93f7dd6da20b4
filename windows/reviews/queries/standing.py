"""What is on record of one window for its checklists. A constant number of queries."""

from __future__ import annotations

from datetime import datetime

from slo.objectives.queries import health, promises
from windows.access.roles import Actor
from windows.approvals.queries import approval_view
from windows.approvals.queries.budgets import LEAST
from windows.catalogue.queries import on_call_of
from windows.execution.models import CheckResult
from windows.execution.queries.rehearsals import proof_for, went_well
from windows.execution.queries.views import runs_of
from windows.reviews.checklists import Checklist, Standing, Ticked, before, with_ticks
from windows.reviews.models import Tick
from windows.reviews.queries.communication import spoken_of
from windows.scheduling.models import Window
from windows.scheduling.queries import WindowView


def checklists_of(view: WindowView, viewer: Actor, now: datetime) -> list[Checklist]:
    """Of a window that its reader may see, with what people ticked."""
    words = Tick.objects.filter(window=view.id).select_related("person")
    return with_ticks(computed(view, viewer, now), {row.item: Ticked(row.person.name, row.at, row.note) for row in words})


def computed(view: WindowView, viewer: Actor, now: datetime) -> list[Checklist]:
    """As the machine sees it: nobody's tick is in it."""
    return before(standing(view, viewer, now))


def standing(view: WindowView, viewer: Actor, now: datetime) -> Standing:
    asked, runs = approval_view(view.id, viewer), runs_of(view.id)
    places = {(row.service, row.environment) for row in view.scope}
    services = {service for service, _ in places}
    figures = health([one for one in promises(services=services) if (one.service, one.environment) in places], now)
    proof = proof_for(view.runbook_version_id, now) if view.runbook_version_id else None
    tried, only_dry = went_well(view.runbook_version_id, now) if view.runbook_version_id and not proof else ("", False)
    checks = CheckResult.objects.filter(run=runs[0]).values_list("name", "verdict", "evidence") if runs else ()
    spoken = spoken_of(Window.objects.defer("vevent").get(pk=view.id))
    left = {one.promise.slug: one.figures.adjusted.remaining for one in figures}
    return Standing(
        approved=bool(asked) and asked[0].status == "granted",
        lacks=asked[0].missing if asked else (),
        has_runbook=view.runbook is not None,
        rehearsed=f"RH-{proof.pk}" if proof else "",
        tried=tried,
        only_dry=only_dry,
        touches_data=any(row.layer == "L5" for row in view.scope),
        checks={name: verdict for name, verdict, _ in checks},
        saw_backup=any(name == "backup" and "database" in evidence for name, _, evidence in checks),
        services=sorted(services),
        covered=sorted({one.promise.service for one in figures}),
        silent=sorted(name for name, share in left.items() if share is None),
        low=sorted(name for name, share in left.items() if share is not None and share < max(LEAST, view.slack)),
        told=spoken.tally["delivered"],
        queued=spoken.tally["queued"],
        dead=spoken.tally["dead"],
        beside=sorted({one.other for one in spoken.beside}),
        ahead=spoken.ahead,
        confidential=view.confidential,
        announced=spoken.announced,
        unannounced=spoken.unannounced,
        on_call=len(on_call_of({view.team, *view.subject.affected_teams})) if view.started_at is None else None,
    )
