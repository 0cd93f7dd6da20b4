"""Error budgets: how one was spent over its window, and what is left of each now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.charts.chart import LINES, Chart, Figure, Shade, legend, percent, rounded, shaded, stamp, threshold

SOURCE = "Source: measurements pushed or queried, per minute."


@dataclass(frozen=True, slots=True)
class Spent:
    """One objective over its window: the share of the budget left at each instant, None where nothing was measured just before."""

    objective: str
    days: int
    left: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one objective's budget now, as shares. None: no events."""

    objective: str
    service: str
    target: float
    raw: float | None
    adjusted: float | None


def spent_over_time(at: Sequence[datetime], told: Sequence[Spent], shades: Sequence[Shade], policy: float) -> Chart:
    """One line an objective, from 100 % down; windows shaded. `policy`: the share below which work that is not critical waits."""
    known = [one for one in told if any(share is not None for share in one.left)]
    ends = [(one, next((share for share in reversed(one.left) if share is not None), None)) for one in known]
    worst = min(((share, one) for one, share in ends if share is not None), key=lambda pair: pair[0], default=None)
    days = max((one.days for one in told), default=28)
    figure: Figure = {}
    if known:
        line, note = threshold(policy * 100, f"policy {policy:.0%}".replace("%", " %"))
        under = shaded(shades, at[0], at[-1])
        figure = {
            "data": [
                {
                    "type": "scatter", "mode": "lines", "name": one.objective, "connectgaps": False, "x": [stamp(moment) for moment in at],
                    "y": rounded((None if share is None else share * 100 for share in one.left), 2),
                    "line": {"color": LINES[n % len(LINES)][0], "dash": LINES[n % len(LINES)][1], "width": 1.5},
                    "hovertemplate": "%{y:.1f} %<extra>%{fullData.name}</extra>",
                }
                for n, one in enumerate(known)
            ],
            "layout": {
                "yaxis": {"ticksuffix": " %", "title": {"text": "budget left"}}, "xaxis": {"type": "date", "title": {"text": "UTC"}},
                "shapes": [*under["shapes"], line], "annotations": [*under["annotations"], note],
                **legend(len(known) > 1),
            },
        }  # fmt: skip
    return Chart(
        name="error-budget",
        title=f"Error budget, {days} days",
        headline=f"Least: {worst[1].objective}, {percent(worst[0])} left" if worst else "",
        definition=f"1 − bad events since the {days} days began ÷ bad events the objective allows in them, raw: what users felt."
        " Shaded: windows of these services. A gap: nothing was measured.",
        source=SOURCE,
        label=f"Chart. Error budget left over {days} days, by objective"
        + (f"; the least is {worst[1].objective} with {percent(worst[0])}." if worst else "; nothing was measured."),
        figure=figure,
        columns=("Time, UTC", *(f"{one.objective}, % left" for one in told)),
        rows=tuple(
            (moment, *(None if one.left[n] is None else round((one.left[n] or 0.0) * 100, 2) for one in told))
            for n, moment in enumerate(at)
        )
        if known
        else (),
        size="tall",
    )


def left_by_service(told: Sequence[Left], policy: float) -> Chart:
    """A bar for the raw figure, a mark for the adjusted one; the least first. What is not known is said, not drawn as zero."""
    order = sorted(told, key=lambda one: (one.raw is None, one.raw if one.raw is not None else 0.0))
    low = [one for one in order if one.adjusted is not None and one.adjusted < policy]
    unknown = [one for one in order if one.raw is None]
    names = [one.objective for one in reversed(order)]
    bars = rounded((None if one.raw is None else max(one.raw, 0.0) * 100 for one in reversed(order)), 1)
    figure: Figure = {}
    if any(one.raw is not None for one in order):
        figure = {
            "data": [
                {
                    "type": "bar", "orientation": "h", "name": "raw", "y": names, "x": bars,
                    "marker": {"color": ["@failed" if one in low else "@ink-2" for one in reversed(order)]},
                    "customdata": [percent(one.raw) for one in reversed(order)], "hovertemplate": "raw %{customdata}<extra></extra>",
                },
                {
                    "type": "scatter", "mode": "markers", "name": "adjusted", "y": names,
                    "x": rounded((None if one.adjusted is None else max(one.adjusted, 0.0) * 100 for one in reversed(order)), 1),
                    "marker": {"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": "@approved"}},
                    "customdata": [percent(one.adjusted) for one in reversed(order)],
                    "hovertemplate": "adjusted %{customdata}<extra></extra>",
                },
            ],
            "layout": {
                "xaxis": {
                    "range": [0, 104], "tickvals": [0, 50, 100], "ticktext": ["0 %", "50 %", "100 %"], "title": {"text": "budget left"},
                },
                "yaxis": {
                    "type": "category", "showgrid": False, "tickvals": names,
                    "ticktext": [f"{one.objective}  {percent(one.raw, 0)}" for one in reversed(order)],
                },
                "hovermode": "closest", "bargap": 0.5, "margin": {"t": 18},
                "shapes": [{
                    "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": policy * 100, "x1": policy * 100,
                    "line": {"color": "@failed", "width": 1.25, "dash": "dash"},
                }],
                "annotations": [{
                    "x": policy * 100, "y": 1, "yref": "paper", "yanchor": "bottom", "text": f"policy {policy * 100:.0f} %",
                    "font": {"color": "@failed-ink"},
                }],
            },
        }  # fmt: skip
    said = f"{len(low)} of {len(told)} below {policy * 100:.0f} %" if told else ""
    return Chart(
        name="error-budgets",
        title="Error budget left",
        headline=said + (f", {len(unknown)} not known" if unknown else ""),
        definition="1 − bad events ÷ bad events allowed, over each objective's own window. Bar: raw, what users felt."
        " Mark: adjusted, without the slack that was agreed for windows.",
        source=SOURCE,
        label="Chart. Error budget left now: " + "; ".join(f"{one.objective} {percent(one.raw, 0)}" for one in order) + ".",
        figure=figure,
        columns=("Objective", "Service", "Target, %", "Raw, % left", "Adjusted, % left"),
        rows=tuple((one.objective, one.service, round(one.target * 100, 4), hundred(one.raw), hundred(one.adjusted)) for one in order),
    )


def hundred(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def burn(at: Sequence[datetime], told: Mapping[str, Sequence[tuple[float | None, float | None]]], shades: Sequence[Shade]) -> Chart:
    """Burn rates of one hour (bold) and six hours (thin) at each instant, by objective."""
    known = {name: pairs for name, pairs in told.items() if any(rate is not None for pair in pairs for rate in pair)}
    peak = max((rate for pairs in known.values() for pair in pairs for rate in pair if rate is not None), default=None)
    figure: Figure = {}
    if known:
        traces = []
        for n, (name, pairs) in enumerate(known.items()):
            colour, dash = LINES[n % len(LINES)]
            for which, (span, width) in enumerate((("1 h", 1.75), ("6 h", 0.75))):
                traces.append({
                    "type": "scatter", "mode": "lines", "name": f"{name}, {span}", "connectgaps": False, "showlegend": span == "1 h",
                    "x": [stamp(moment) for moment in at],
                    "y": rounded((pair[which] for pair in pairs), 3), "line": {"color": colour, "dash": dash, "width": width},
                    "hovertemplate": "%{y:.2f}<extra>%{fullData.name}</extra>",
                })  # fmt: skip
        limits = [threshold(14.4, "14.4 for 1 h: page"), threshold(6, "6 for 6 h: page")]
        limits = [pair for pair in limits if peak is not None and pair[0]["y0"] <= max(peak, 1) * 1.5]
        under = shaded(shades, at[0], at[-1])
        figure = {
            "data": traces,
            "layout": {
                "yaxis": {"title": {"text": "times the allowed rate"}, "rangemode": "tozero"},
                "xaxis": {"type": "date", "title": {"text": "UTC"}}, **legend(True),
                "shapes": [*under["shapes"], *(line for line, _ in limits)],
                "annotations": [*under["annotations"], *(note for _, note in limits)],
            },
        }  # fmt: skip
    return Chart(
        name="burn-rate",
        title="Burn rate, 7 days",
        headline=f"Highest: {peak:.1f}" if peak is not None else "",
        definition="Share of bad events ÷ share the objective allows, over the hour (bold) and the six hours (thin) before."
        " At 1 the budget lasts exactly its window; 14.4 for an hour or 6 for six hours page (SRE workbook). A gap: no events.",
        source=SOURCE,
        label="Chart. Burn rates over seven days"
        + (f"; the highest is {peak:.1f} times the allowed rate." if peak is not None else "; no events."),
        figure=figure,
        columns=("Time, UTC", *(f"{name}, {span}" for name in told for span in ("1 h", "6 h"))),
        rows=tuple((moment, *(rate for pairs in told.values() for rate in rounded(pairs[n], 3))) for n, moment in enumerate(at))
        if known
        else (),
        size="tall",
    )
