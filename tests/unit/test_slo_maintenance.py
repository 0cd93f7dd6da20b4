"""What maintenance means for a budget: nothing counts twice, excused time only shrinks, what is not agreed is charged."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from slo.budget import Part, Policy, Ratio, figures
from slo.intervals import Interval, total
from slo.maintenance import Entry, Treatment, disjoint, minute_after, minute_of, treatments

T = datetime(2026, 6, 1, 10, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T + timedelta(minutes=minutes)


def between(start: float, end: float) -> Interval:
    return Interval(at(start), at(end))


def test_n12_what_was_given_back_is_cut_off_and_no_other_window_is_touched() -> None:
    record = [
        Entry("o", "MW-1", between(0, 60), Policy.EXCLUDE),
        Entry("o", "MW-2", between(100, 160), Policy.ALLOW, 0.2),
        Entry("o", "MW-1", between(40, 60), Policy.COUNT),
        Entry("o", "MW-3", between(100, 110), Policy.COUNT),
    ]
    assert treatments(record) == [Treatment(Policy.EXCLUDE, [between(0, 40)]), Treatment(Policy.ALLOW, [between(100, 160)], 0.2)]


def test_where_treatments_overlap_the_earlier_counts_and_a_slack_stays_one() -> None:
    found = disjoint([Treatment(Policy.EXCLUDE, [between(10, 20)]), Treatment(Policy.ALLOW, [between(0, 30)], 0.5)], between(5, 100))
    assert found == [Treatment(Policy.EXCLUDE, [between(10, 20)]), Treatment(Policy.ALLOW, [between(5, 10), between(20, 30)], 0.5)]


spans = st.tuples(st.integers(0, 500), st.integers(1, 200)).map(lambda pair: between(pair[0], pair[0] + pair[1]))
policies = st.sampled_from([Policy.EXCLUDE, Policy.ALLOW])


@given(st.lists(st.tuples(policies, spans), max_size=8), spans, spans)
def test_no_instant_is_treated_twice_and_giving_back_never_adds(wanted: list, frame: Interval, back: Interval) -> None:
    record = [Entry("o", f"MW-{n}", one, policy, 0.1 if policy is Policy.ALLOW else 0) for n, (policy, one) in enumerate(wanted)]
    found = disjoint(treatments(record), frame)
    pieces = [piece for part in found for piece in part.pieces]
    assert sum((piece.length for piece in pieces), timedelta()) == total(pieces)
    assert all(frame.start <= piece.start and piece.end <= frame.end for piece in pieces)
    less = disjoint(treatments([*record, Entry("o", "MW-0", back, Policy.COUNT)]), frame)
    assert total(piece for part in less for piece in part.pieces) <= total(pieces)


minutes = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: Ratio(pair[0], sum(pair))), min_size=1, max_size=60)


@given(minutes, st.lists(st.tuples(policies, st.integers(0, 60), st.integers(1, 30)), max_size=6), st.floats(0.01, 1))
def test_r_c09_raw_is_what_was_excused_and_what_was_charged(told: list[Ratio], wanted: list, slack: float) -> None:
    """Against the plain sum over minutes: whatever the policies, no bad event is lost and none is charged twice."""
    parts = disjoint(
        [Treatment(policy, [between(start, start + length)], slack if policy is Policy.ALLOW else 0) for policy, start, length in wanted],
        between(0, len(told)),
    )
    inside = [sum((one for n, one in enumerate(told) if any(at(n) in piece for piece in part.pieces)), Ratio()) for part in parts]
    whole = sum(told, Ratio())
    found = figures(whole, [Part(one, part.policy, part.slack) for one, part in zip(inside, parts, strict=True)], Decimal("0.99"))
    assert found.raw.spent == whole.bad
    assert Decimal(found.adjusted.spent) + Decimal(found.excluded.bad) + found.forgiven_exactly == Near(whole.bad)
    assert found.adjusted.total == whole.total - found.excluded.total


class Near(Decimal):
    def __eq__(self, other: object) -> bool:
        return abs(Decimal(self) - Decimal(str(other))) < Decimal("1e-9")

    __hash__ = Decimal.__hash__


def test_minutes() -> None:
    assert minute_of(at(0.7)) == at(0)
    assert (minute_after(at(0.7)), minute_after(at(1))) == (at(1), at(1))
