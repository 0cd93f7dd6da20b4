"""Does a canary with the window's tag come back from metrics, logs and traces of its critical services (N13)? 100 %, or somebody answers.

Critical are the services with a critical objective in the scope. What is sent to us we send as they do, and look it up; of what a
Prometheus scrapes we ask how many of the very series that the objective reads carry the tag: /metrics tells it from five minutes before
the begin.
"""

from __future__ import annotations

import secrets

from django.conf import settings

from slo.budget import Ratio
from slo.objectives.queries import Promise
from slo.telemetry import registry
from windows.execution.checking import Answered, Candidate, failed, passed, unknown
from windows.execution.models import AcceptedGap
from windows.execution.queries.coverage import critical, whole
from windows.execution.readiness import Signal, judged
from windows.signals.commands.canaries import fly
from windows.signals.otlp.canary import Canary

OTLP, PUSH, SCRAPE = "otlp", "push", "scrape"  # sources whose measurements come to us, or are fetched by us


def check(candidate: Candidate) -> Answered:
    if candidate.run.rehearsal:
        return passed("A rehearsal begins no window: nothing carries its tag.")
    if candidate.window.confidential:
        return passed("A confidential window: nothing may carry its name.")
    wanted = critical(candidate.run)
    if not wanted:
        return passed("No objective of this scope is critical.")
    tag = candidate.window.reference
    signals = [signal for place in sorted({(one.service, one.environment) for one in wanted}) for signal in sent(place, wanted, candidate)]
    signals += [asked(one, tag) for one in whole(candidate.run, wanted) if one.source not in {OTLP, PUSH, SCRAPE}]
    found = judged(tag, signals)
    evidence = {"signals": {one.called: one.told for one in signals}, "door": settings.OTLP_URL or "not by HTTP: OTLP_URL is empty"}
    if found.is_ready:
        return passed(found.told, **evidence)
    accepted = AcceptedGap.objects.select_related("person").filter(window=candidate.window.pk).first()
    if accepted is not None:
        return passed(f"{found.told} {accepted.person.name} accepts that: {accepted.reason}", accepted_by=accepted.person.name, **evidence)
    answer = failed if found.is_known else unknown
    return answer(f"{found.told} An owner or SRE may accept that by name, on the window's page.", **evidence)


def sent(place: tuple[str, str], wanted: list[Promise], candidate: Candidate) -> list[Signal]:
    """A canary through everything that this service sends to us."""
    service, environment = place
    sources = {one.source for one in wanted if (one.service, one.environment) == place}
    one = Canary(
        candidate.window.reference, service, environment, f"{candidate.run.pk} {candidate.now.isoformat()} {secrets.token_hex(16)}"
    )
    found = fly(one, candidate.now, metrics=OTLP in sources, pushes=PUSH in sources, scrapes=SCRAPE in sources)
    return [Signal(f"the {flown.signal} of {service}/{environment}", int(flown.came_back), why=flown.why) for flown in found]


def asked(one: Promise, tag: str) -> Signal:
    """How many of the series that the objective reads carry the tag."""
    called, source = f"the series of {one.slug}", registry.known().get(one.source)
    if source is None:
        return Signal(called, None, why=f"there is no source “{one.source}” here")
    match registry.marked(source, one.slug, one.query, tag):
        case Ratio() as share:
            return Signal(called, share.good, share.total, "series")
        case None:
            return Signal(called, None, why=f"the source “{one.source}” cannot tell tags")
        case reading:
            return Signal(called, None, why=reading.error or reading.reason)
