"""A new page is known to the browser's walk as soon as it is written: this says so in a second, the walk itself in minutes."""

from tests.places import PLACES, known, shape_of


def test_somebody_has_said_how_to_go_to_every_page() -> None:
    for route in known():
        assert route in PLACES or shape_of(route) is not None
