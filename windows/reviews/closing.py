"""What must be reviewed before a window is closed. Pure: what is on record in, review tasks out.

A task follows from facts and is stored nowhere; only the word of the person who reviewed it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

RAN = ("completed", "rolled_back", "failed")  # a window that never ran leaves nothing to review


@dataclass(frozen=True, slots=True)
class Glass:
    """A glass that was broken: by whom, for which version, why, and what had been lacking."""

    id: int
    person_id: int
    person: str
    version: str
    reason: str
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody's word that they reviewed it, and what they found."""

    by: str
    at: datetime
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`skipped` are the preflight checks that an emergency began in spite of, `begun_by` the people who began it. `published`: its
    postmortem is; only what went wrong needs one."""

    status: str
    glasses: Sequence[Glass] = ()
    is_emergency: bool = False
    skipped: Sequence[str] = ()
    begun_by: frozenset[int] = frozenset()
    answered: str | None = None  # of an emergency that began unapproved: approved, rejected, "" while nobody decided
    published: bool = False
    leftovers: Sequence[str] = ()  # what is not torn down yet
    had_leftovers: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """`barred` may not sign it: nobody reviews their own deed. `by_hand` False: it is done by doing it, not by signing."""

    key: str
    title: str
    said: str
    signed: Signed | None = None
    is_done: bool = False
    barred: frozenset[int] = frozenset()
    by_hand: bool = True


def review_tasks(facts: Facts, signed: Mapping[str, Signed]) -> list[Task]:
    """Every task of the window, done ones too, in an order that does not change."""
    found = [broken(one, signed.get(f"glass-{one.id}")) for one in facts.glasses]
    if facts.is_emergency and facts.status in RAN:
        which = f"These checks were skipped: {', '.join(facts.skipped)}." if facts.skipped else "No check was skipped."
        word = signed.get("emergency")
        found.append(Task("emergency", "Review the emergency", which, word, word is not None, facts.begun_by))
    if facts.answered is not None and facts.status in RAN:
        said = f"It was {facts.answered} afterwards." if facts.answered else "It began without an approval, and nobody has answered for it."
        found.append(Task("answer", "Approve the emergency afterwards", said, None, bool(facts.answered), by_hand=False))
    if facts.status in ("rolled_back", "failed"):
        said = "It is published." if facts.published else f"It {'was rolled back' if facts.status == 'rolled_back' else 'failed'}."
        found.append(Task("postmortem", "Publish the postmortem", said, None, facts.published, by_hand=False))
    if facts.had_leftovers:
        said = f"Still there: {'; '.join(facts.leftovers)}." if facts.leftovers else "All of it is gone."
        found.append(Task("leftovers", "Tear down what it left running", said, None, not facts.leftovers, by_hand=False))
    return found


def broken(one: Glass, word: Signed | None) -> Task:
    lacked = f" {one.because}" if one.because else ""
    said = f"{one.person} broke the glass for {one.version}: {one.reason}{lacked}"
    return Task(f"glass-{one.id}", "Review the broken glass", said, word, word is not None, frozenset({one.person_id}))


def may_close(status: str, tasks: Sequence[Task]) -> bool:
    return status in RAN and all(task.is_done for task in tasks)
