"""What people are told of a group of alerts: one message, however many they are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST = 20  # alerts named one by one


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    service: str
    environment: str
    severity: str
    summary: str
    since: str
    reasons: Sequence[str]
    runbook: str = ""
    url: str = ""
    guides: Sequence[str] = ()  # our playbooks for it: “title: address”


@dataclass(frozen=True, slots=True)
class About:
    """The window a group belongs to; all empty for none."""

    reference: str = ""
    title: str = ""
    step: str = ""
    owner: str = ""
    coordinator: str = ""
    runbook: str = ""
    has_ended: bool = False
    facts: dict[str, str] = field(default_factory=dict)


def title(about: About, lines: Sequence[Line]) -> str:
    first = lines[0]
    where = f"{first.service}/{first.environment}".strip("/")
    others = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    said = f"{first.name}{f' on {where}' if where else ''}{others}"
    if not about.reference:
        return said
    return f"{about.reference} {'began inside it and still fires' if about.has_ended else 'alert'}: {said}"


def body(about: About, lines: Sequence[Line], ledger: str) -> str:
    parts = [heading(about)] if about.reference else []
    parts += ["\n".join(paragraph(line)) for line in lines[:MOST]]
    if len(lines) > MOST:
        counted = Counter(line.name for line in lines[MOST:]).most_common(MOST)
        parts.append(f"And {len(lines) - MOST} more: {', '.join(f'{name} ({count})' for name, count in counted)}.")
    return "\n\n".join([*parts, f"Every alert, and why it was told so: {ledger}"]) + "\n"


def heading(about: About) -> str:
    began = "Began inside" if about.has_ended else "Inside"
    rows = [f"{began} {about.reference} · {about.title}"]
    given = {"Step": about.step, "Coordinator": about.coordinator, "Owner": about.owner, "Runbook and window": about.runbook}
    return "\n".join([*rows, *(f"{name}: {value}" for name, value in given.items() if value)])


def paragraph(line: Line) -> list[str]:
    place = "/".join(part for part in (line.service, line.environment) if part) or "no service named"
    told = [f"{line.name} · {line.severity or 'no severity'} · {place} · since {line.since} UTC"]
    told += [line.summary] if line.summary else []
    told += [f"Why you are told: {' '.join(line.reasons)}"]
    told += [f"Playbook: {guide}" for guide in line.guides]
    return [*told, *(f"{name}: {value}" for name, value in (("Playbook", line.runbook), ("Source", line.url)) if value)]
