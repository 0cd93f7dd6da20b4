"""Values of measures as a review shows them."""

from __future__ import annotations

from django import template

from portal.charts.chart import percent
from portal.charts.measures import told
from windows.reviews.queries.review import Moved

register = template.Library()


@register.filter
def value(one: Moved) -> str:
    return told(one.measure, one.now.value)


@register.filter
def value_before(one: Moved) -> str:
    return told(one.measure, one.before.value)


@register.filter
def share(left: float | None) -> str:
    """A share of a budget; not known is said."""
    return "not known" if left is None else percent(left)
