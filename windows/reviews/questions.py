"""The five questions of every review (SPEC §16), answered where a machine can know. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from windows.reviews.drafting import Facts

YES, NO, UNKNOWN = "yes", "no", "unknown"


@dataclass(frozen=True, slots=True)
class Answered:
    """`answer`: yes, no or unknown; `is_good`: whether that answer is a good one, None where it is unknown."""

    question: str
    answer: str
    because: str
    is_good: bool | None


def five(facts: Facts) -> list[Answered]:
    return [flagged(facts), preflight(facts), automation(facts), telemetry(facts), further(facts)]


def flagged(facts: Facts) -> Answered:
    asked = "Flagged and tagged correctly?"
    if facts.flags_expired:
        return Answered(asked, NO, f"{facts.flags_expired} of its flags outlived their lease.", False)
    if facts.tagged is not None and facts.expected_tags and facts.tagged < facts.expected_tags:
        missing = facts.expected_tags - facts.tagged
        return Answered(asked, NO, f"{missing:,} of {facts.expected_tags:,} events of critical objectives lack its tag.", False)
    if facts.tagged is None or not facts.expected_tags:
        measured = [one.objective for one in facts.budgets if one.is_critical and one.total]
        if measured:
            why = f"What {', '.join(measured[:3])} measured inside it does not say whether it carries the tag: no whole minute of it does."
            return Answered(asked, UNKNOWN, why, None)
        return Answered(asked, UNKNOWN, "No event of a critical objective was measured inside it.", None)
    if not facts.flags_set:
        return Answered(
            asked, UNKNOWN, "Every event carries its tag; no flag was set for it, and whether one was needed only people know.", None
        )
    return Answered(asked, YES, f"{facts.flags_set} flag act{'' if facts.flags_set == 1 else 's'}; every event carries its tag.", True)


def preflight(facts: Facts) -> Answered:
    asked = "Preflight sufficient?"
    bad = [one.name for one in facts.checks if one.verdict != "pass"]
    failed = [one.name for one in facts.gates if one.failed]
    if not facts.checks:
        return Answered(asked, UNKNOWN, "No preflight check is on record.", None)
    if bad:
        return Answered(asked, NO, f"It began although these had not passed: {', '.join(bad[:5])}.", False)
    if facts.turned_by and not failed:
        why = f"All {len(facts.checks)} checks passed, and {facts.turned_by} rolled it back by hand: people know if a check could tell."
        return Answered(asked, UNKNOWN, why, None)
    if facts.went_back or failed:
        why = "the run went back" if facts.went_back else f"a gate failed: {', '.join(failed[:3])}"
        return Answered(asked, NO, f"All {len(facts.checks)} checks passed, and yet {why}.", False)
    if facts.ended_at is None:
        return Answered(asked, UNKNOWN, "It has not ended.", None)
    return Answered(asked, YES, f"All {len(facts.checks)} checks passed, no gate failed and nothing went back.", True)


def automation(facts: Facts) -> Answered:
    asked = "Automation as expected?"
    tried = [one for one in facts.steps if not one.is_manual and one.attempts and not one.was_cut]
    if not tried:
        return Answered(asked, UNKNOWN, "No automated step was tried to its end.", None)
    helped = [one.name for one in tried if one.helped]
    bad = [one.name for one in tried if one.is_short and not one.helped]
    stuck = [one.name for one in facts.steps if one.status == "compensation_failed"]
    again = [one.name for one in tried if one.attempts > 1]
    wrong = (("needed a person", helped), ("failed", bad), ("could not be undone", stuck), ("needed more than one attempt", again))
    for said, names in wrong:
        if names:
            return Answered(asked, NO, f"{len(names)} of {len(tried)} automated steps {said}: {', '.join(names[:5])}.", False)
    back = "" if not facts.went_back else f" {facts.turned_by} rolled it back by hand." if facts.turned_by else " It turned back by itself."
    return Answered(asked, YES, f"All {len(tried)} automated steps succeeded at once and without a person.{back}", True)


def telemetry(facts: Facts) -> Answered:
    asked = "Telemetry missing or misleading?"
    silent = [one.objective for one in facts.budgets if not one.total]
    unsure = [one.name for one in facts.gates if one.unsure]
    if silent:
        return Answered(asked, YES, f"Nothing was measured for {', '.join(silent[:5])}.", False)
    if unsure:
        return Answered(asked, YES, f"Gates without a verdict at times: {', '.join(unsure[:5])}.", False)
    if facts.never_came:
        return Answered(asked, YES, f"Alerts that were expected never came: {', '.join(facts.never_came[:5])}.", False)
    if not facts.budgets and not facts.gates:
        return Answered(asked, UNKNOWN, "Neither an objective nor a gate watched it.", None)
    return Answered(asked, NO, "Every objective and gate was measured throughout. Whether they misled only people know.", True)


def further(facts: Facts) -> Answered:
    asked = "Follow-up automation?"
    by_hand = [one.name for one in facts.steps if one.is_manual or one.helped]
    if not facts.steps:
        return Answered(asked, UNKNOWN, "No step is on record.", None)
    if by_hand:
        return Answered(asked, YES, f"A person was needed for: {', '.join(by_hand[:5])}.", False)
    return Answered(asked, NO, "No step needed a person.", True)
