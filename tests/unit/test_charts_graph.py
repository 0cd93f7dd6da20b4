"""The small graph of dependencies: every box inside the drawing, none upon another, lines from box to box."""

from hypothesis import given
from hypothesis import strategies as st

from portal.charts.graph import HIGH, MOST, WIDE, graph

THOSE = st.lists(st.tuples(st.text(min_size=1, max_size=10), st.text(min_size=1, max_size=60)), max_size=20)


@given(THOSE, THOSE)
def test_boxes_stand_inside_and_apart(dependents: list[tuple[str, str]], needs: list[tuple[str, str]]) -> None:
    drawn = graph(("here", "Here"), dependents, needs)
    for box in drawn.boxes:
        assert 0 <= box.x <= drawn.width - WIDE and 0 <= box.y <= drawn.height - HIGH
    places = {(box.x, box.y) for box in drawn.boxes}
    assert len(places) == len(drawn.boxes)
    assert len(drawn.lines) == len(drawn.boxes) - 1
    assert sum(box.here for box in drawn.boxes) == 1


def test_what_does_not_fit_is_counted() -> None:
    drawn = graph(("here", "Here"), [], [(f"s{n}", f"Service {n}") for n in range(MOST + 3)])
    assert [box.label for box in drawn.boxes][-1] == "and 4 more"
    assert len(drawn.boxes) == MOST + 1


def test_a_service_alone_is_one_box() -> None:
    drawn = graph(("here", "A name that is far too long for its box"), [], [])
    assert (drawn.width, drawn.height, drawn.lines) == (WIDE, HIGH, ())
    assert drawn.boxes[0].label.endswith("…") and drawn.boxes[0].title == "A name that is far too long for its box"
