"""The bytes of the chain: a change here breaks every chain there is, so one is written down."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.audit.chain import GENESIS, Head, Line, canonical, follow

AT = datetime(2026, 3, 1, 12, 30, 0, 5, UTC)
LINE = Line(7, AT, "window.approved", 'Zoë "Z"\n', 3, "browser", "MW-1001", "MW-1001", None, '{"a": 1.50, "é": [null]}', "abc")
BYTES = (
    '{"actor":"Zoë \\"Z\\"\\n","actor_id":3,"at":"2026-03-01T12:30:00.000005+00:00","data":{"a": 1.50, "é": [null]},"id":7,'
    '"kind":"window.approved","request_id":"abc","run_id":null,"subject":"MW-1001","via":"browser","window":"MW-1001"}'
)


def test_the_bytes_are_these() -> None:
    assert canonical(LINE).decode() == BYTES
    assert follow(GENESIS, LINE) == "0c02e2f9c18a38a60b0ca15eeaec29e43c4b02bbf31136ce13c5670eac7200f6"  # by sha256sum
    elsewhere = LINE.at.astimezone(timezone(timedelta(hours=5)))
    assert canonical(Line(**{name: getattr(LINE, name) for name in Line.__slots__} | {"at": elsewhere})) == canonical(LINE)


texts = st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=8)
lines = st.builds(
    Line, st.integers(1, 9), st.datetimes(timezones=st.just(UTC)), texts, texts, st.none() | st.integers(), texts, texts, texts,
    st.none() | st.integers(), st.dictionaries(texts, st.integers() | texts, max_size=2).map(json.dumps), texts,
)  # fmt: skip


@given(lines, lines)
def test_two_entries_share_bytes_only_if_they_are_one(a: Line, b: Line) -> None:
    assert (canonical(a) == canonical(b)) == (a == b)


@given(lines)
def test_the_bytes_are_json_with_sorted_names(line: Line) -> None:
    told = json.loads(canonical(line))
    assert list(told) == sorted(Line.__slots__)
    assert told["actor"] == line.actor
    assert told["data"] == json.loads(line.data)


def test_a_head_goes_through_a_file() -> None:
    head = Head(9, "f" * 64, AT).signed("key")
    assert Head.from_json(head.to_json()) == head
    assert head.is_signed_by("other", "key")
    assert not head.is_signed_by("other")
    assert not Head(10, head.digest, head.at, head.signature).is_signed_by("key")
    assert not Head(9, head.digest, head.at + timedelta(seconds=1), head.signature).is_signed_by("key")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"position": "x"}', '{"position": 1, "digest": "", "at": "x", "signature": ""}', "[" * 9999]
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no audit head"):
        Head.from_json(text)
