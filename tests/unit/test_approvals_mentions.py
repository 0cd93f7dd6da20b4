"""Who is meant by an @name."""

import pytest

from windows.approvals.mentions import Named, handles, mentioned

BEN, BENNO, ADA = Named(1, "Ben Okafor", "ben@shop.example"), Named(2, "Benno", "benno@shop.example"), Named(3, "Ada", "ada.l@shop.example")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@ben please look", [BEN]),
        ("Ask @Ben Okafor.", [BEN]),
        ("(@BENNO)", [BENNO]),
        ("@ada.l.", [ADA]),
        ("@ben, @benno", [BEN, BENNO]),
        ("ben@shop.example writes", []),
        ("@@ben", []),
        ("@benn", []),
        ("@", []),
        ("", []),
    ],
)
def test_who_is_meant(text: str, meant: list[Named]) -> None:
    assert mentioned(text, [BEN, BENNO, ADA]) == meant


def test_mentions_are_bounded() -> None:
    assert len(handles(" ".join(f"@p{n}" for n in range(1000)))) == 20
