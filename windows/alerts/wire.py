"""What Alertmanager sends (webhook version 4, INTEROP §4), understood. Pure.

Alertmanager does not try again after a 4xx: what can be read is taken, and only what cannot be read is refused, by its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from windows.errors import Invalid

MOST = 1000  # alerts in one call; `max_alerts` of its configuration keeps below
LABELS, LONG, LONGER = 64, 500, 2000
FIRST = ("alertname", "service", "environment", "region", "severity", "class", "maintenance_window")  # never cut off


@dataclass(frozen=True, slots=True)
class Heard:
    """One alert as it was heard of. `ends_at` is None while it fires."""

    fingerprint: str
    name: str
    labels: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    withheld: str = ""  # the silence that keeps it from everybody, as one sentence …
    withheld_by: str = ""  # … and the window it was placed for; "" for a silence of somebody else's

    @property
    def service(self) -> str:
        return self.labels.get("service", "")

    @property
    def environment(self) -> str:
        return self.labels.get("environment", "")

    @property
    def region(self) -> str:
        return self.labels.get("region", "")

    @property
    def severity(self) -> str:
        return self.labels.get("severity", "").lower()

    @property
    def kind(self) -> str:
        """Its class, as `rollback_required`; "" for none."""
        return self.labels.get("class", "").lower().replace("-", "_")

    @property
    def tag(self) -> str:
        return self.labels.get("maintenance_window", "")


@dataclass(frozen=True, slots=True)
class Call:
    """`refused`: place and why. `cut_off`: alerts that Alertmanager itself left out."""

    alerts: tuple[Heard, ...]
    refused: tuple[str, ...] = ()
    cut_off: int = 0


def read(sent: object) -> Call:
    """Invalid for what is no such call, or where nothing in it can be read."""
    if not isinstance(sent, Mapping) or sent.get("version") != "4":
        raise Invalid('Send a call of Alertmanager’s webhook, "version": "4".', field="version")
    alerts = sent.get("alerts")
    if not isinstance(alerts, list):
        raise Invalid("alerts is a list.", field="alerts")
    if len(alerts) > MOST:
        raise Invalid(f"A call has at most {MOST} alerts; this one has {len(alerts)}: set max_alerts in Alertmanager.", field="alerts")
    found, refused = [], []
    for place, one in enumerate(alerts):
        try:
            found.append(alert(one, f"alerts[{place}]"))
        except Invalid as error:
            refused.append(f"{error.field}: {error.detail}")
    if refused and not found:
        raise Invalid(f"None of these alerts can be read. {refused[0]}", field="alerts")
    cut_off = sent.get("truncatedAlerts", 0)
    return Call(tuple(found), tuple(refused), cut_off if isinstance(cut_off, int) and cut_off > 0 else 0)


def alert(given: object, at: str) -> Heard:
    if not isinstance(given, Mapping):
        raise Invalid("An alert is an object.", field=at)
    labels = texts(given.get("labels"), f"{at}.labels", LONG)
    if not labels:
        raise Invalid("An alert has labels.", field=f"{at}.labels")
    starts_at = moment(given.get("startsAt"), f"{at}.startsAt")
    starts_at = starts_at.replace(microsecond=starts_at.microsecond // 1000 * 1000)  # its API tells milliseconds, its webhook more
    status = given.get("status")
    state = status.get("state") if isinstance(status, Mapping) else status  # the API of alerts tells more than the webhook
    ends_at = moment(given.get("endsAt"), f"{at}.endsAt") if state == "resolved" else None
    print_ = given.get("fingerprint")
    url = given.get("generatorURL")
    return Heard(
        fingerprint=print_[:64] if isinstance(print_, str) and print_.strip() else fingerprint(labels),
        name=labels.get("alertname", "")[:200] or "(no name)",
        labels=labels,
        starts_at=starts_at,
        ends_at=None if ends_at is None else max(starts_at, ends_at),
        annotations=texts(given.get("annotations") or {}, f"{at}.annotations", LONGER),
        url=url[:LONG] if isinstance(url, str) and url.startswith(("http://", "https://")) else "",
    )


def fingerprint(labels: Mapping[str, str]) -> str:
    return sha256("\xff".join(f"{name}\xfe{value}" for name, value in sorted(labels.items())).encode()).hexdigest()[:32]


def texts(given: object, at: str, longest: int) -> dict[str, str]:
    """Names and texts, cut to bounds rather than refused; what decides is kept first."""
    if not isinstance(given, Mapping):
        raise Invalid("Names with texts are expected.", field=at)
    told = {str(name)[:200]: value for name, value in given.items() if isinstance(value, str)}
    order = sorted(told, key=lambda name: (name not in FIRST, name))[:LABELS]
    return {plain(name): plain(told[name])[:longest] for name in order}


def plain(text: str) -> str:
    """Neither NUL nor half a surrogate pair, nor other control characters: these words reach mails and pages."""
    return "".join(" " if (letter < " " or letter == "\x7f") else letter for letter in text.encode("utf-8", "replace").decode())


def moment(given: object, at: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError:
        raise Invalid("Write a time as 2026-03-01T02:00:00Z.", field=at) from None
    if found.tzinfo is None or not 2000 <= found.year < 9000:
        raise Invalid("A time has a zone and lies in this century.", field=at)
    return found.astimezone(UTC)
