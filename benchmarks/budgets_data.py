"""What `budgets.py` measures: 30 days of minutes of so many SLOs, as our own rows and as a text for Prometheus."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import psycopg

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEEK, LASTS = 7 * 1440, 120  # minutes between the windows of one SLO, and how long one is
TARGET = 0.999


@dataclass(frozen=True)
class Series:
    """One SLO: what was bad and what there was in each minute, and where its windows begin."""

    name: str
    bad: list[int]
    total: list[int]
    windows: list[int]

    @property
    def excluded(self) -> list[bool]:
        found = [False] * len(self.bad)
        for begin in self.windows:
            found[begin : begin + LASTS] = [True] * len(found[begin : begin + LASTS])
        return found

    @property
    def burned(self) -> float:
        """The whole range without its windows, by the minute."""
        kept = [(bad, total) for bad, total, out in zip(self.bad, self.total, self.excluded, strict=True) if not out]
        return sum(bad for bad, _ in kept) / sum(total for _, total in kept) / (1 - TARGET)


def made(slos: int, minutes: int) -> list[Series]:
    """The same at each run: a thousand events a minute, of which about one is bad."""
    chance, found = random.Random(1), []
    for number in range(slos):
        total = [chance.randrange(800, 1200) for _ in range(minutes)]
        bad = [chance.choices((0, 1, 2, 3), (45, 36, 14, 5))[0] for _ in range(minutes)]
        windows = [begin for week in range(minutes // WEEK) if (begin := week * WEEK + number * 37 % 9000) + LASTS < minutes]
        for begin in windows:
            bad[begin : begin + LASTS] = [events // 2 for events in total[begin : begin + LASTS]]
        found.append(Series(f"slo-{number}", bad, total, windows))
    return found


def fill_ours(db: psycopg.Connection[Any], made: list[Series], begins: datetime) -> None:
    """As pushes would have left it: minutes with the sums of their day, day totals, the windows in the record of adjustments."""
    from slo.objectives.models import Adjustment, Objective

    minutes = 'copy telemetry_measurement (series, minute, good, total, good_sum, total_sum, "window", is_example) from stdin'
    days = "copy telemetry_daytotal (series, day, good, total, good_sum, total_sum) from stdin"
    for one in made:
        with db.cursor() as cursor, cursor.copy(minutes) as copy:
            day, good_sum, total_sum, of_days = None, 0, 0, list[list[Any]]()
            for number, (bad, total) in enumerate(zip(one.bad, one.total, strict=True)):
                at = begins + number * MINUTE
                if at.date() != day:
                    day, good_sum, total_sum = at.date(), 0, 0
                    of_days.append([day, 0, 0])
                good_sum, total_sum = good_sum + total - bad, total_sum + total
                of_days[-1][1:] = [good_sum, total_sum]
                copy.write_row((one.name, at, total - bad, total, good_sum, total_sum, "", True))
        goods, totals = accumulate(row[1] for row in of_days), accumulate(row[2] for row in of_days)
        with db.cursor() as cursor, cursor.copy(days) as copy:
            for (date, good, total), good_sum, total_sum in zip(of_days, goods, totals, strict=True):
                copy.write_row((one.name, date, good, total, good_sum, total_sum))
    length = len(made[0].bad) // 1440
    Objective.objects.bulk_create(
        Objective(slug=one.name, service=one.name, title=one.name, target=str(TARGET), window_days=length, maintenance="exclude")
        for one in made
    )
    Adjustment.objects.bulk_create(
        Adjustment(
            objective=one.name, window=f"MW-{begin}", starts_at=begins + begin * MINUTE, ends_at=begins + (begin + LASTS) * MINUTE,
            policy="exclude", authority="A benchmark.", is_example=True,
        )
        for one in made
        for begin in one.windows
    )  # fmt: skip
    db.execute("vacuum analyze")


def exposition(made: list[Series], begins: datetime, to: Path) -> None:
    """OpenMetrics for promtool: counters, the gauge that says where a window is, and what a rule would have recorded without them. A
    minute's figures stand at its end."""
    at = [int(begins.timestamp()) + 60 * (number + 1) for number in range(len(made[0].bad))]
    with to.open("w") as file:
        for name, values in (("slo_bad", lambda one: one.bad), ("slo_total", lambda one: one.total)):
            file.write(f"# TYPE {name} counter\n")
            for one in made:
                file.writelines(f'{name}_total{{slo="{one.name}"}} {v} {t}\n' for v, t in zip(accumulate(values(one)), at, strict=True))
        for name, values in (("slo_bad_ok", lambda one: one.bad), ("slo_total_ok", lambda one: one.total)):
            file.write(f"# TYPE {name} gauge\n")
            for one in made:
                rows = zip(values(one), at, one.excluded, strict=True)
                file.writelines(f'{name}{{slo="{one.name}"}} {v} {t}\n' for v, t, out in rows if not out)
        file.write("# TYPE slo_maintenance gauge\n")
        for one in made:
            file.writelines(f'slo_maintenance{{slo="{one.name}"}} 1 {t}\n' for t, out in zip(at, one.excluded, strict=True) if out)
        file.write("# EOF\n")
