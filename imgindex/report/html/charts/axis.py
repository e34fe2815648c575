"""Axes: round numbers for a height, and round dates for a time, few enough to be read.

value_ticks(1000) -> [0, 250, 500, 750, 1000]
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from math import ceil, floor, log10
from typing import NamedTuple

_DAY = timedelta(days=1)
_MONTH = timedelta(days=28)
_MINUTES = (1, 2, 5, 10, 15, 30)
_HOURS = (1, 3, 6, 12)
_DAYS = (1, 2, 7, 14)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LAST = datetime.max.replace(tzinfo=UTC)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200)


class Tick(NamedTuple):
    """One line of a time axis."""

    at: datetime
    label: str


def value_ticks(most: float, count: int = 4) -> list[float]:
    """Round whole values from 0 to the first that is not below `most`, about `count` steps."""
    if most <= 0:
        return [0]
    step = max(_round_step(most / count), 1)
    return [step * number for number in range(ceil(most / step - 1e-9) + 1)]


def time_ticks(start: datetime, end: datetime, count: int, finest: timedelta = timedelta()) -> list[Tick]:
    """At most `count` round moments within a time, none finer than `finest`, with as much of the date as tells them
    apart."""
    start, end = in_utc(start), in_utc(end)
    ways = [(_months, step) for step in _MONTHS]
    if finest < _MONTH:
        ways = [(_days, step) for step in _DAYS] + ways
    if finest < _DAY:
        ways = [(_minutes, step) for step in (*_MINUTES, *(60 * hours for hours in _HOURS))] + ways
    for way, step in ways:
        ticks = list(islice(takewhile(lambda tick: tick.at <= end, way(start, step)), count + 1))
        if len(ticks) <= count:
            return ticks
    return []


def in_utc(moment: datetime) -> datetime:
    """The moment with UTC's offset; one without an offset is in UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def later(moment: datetime, by: timedelta) -> datetime:
    """The moment so much later, or the end of all years."""
    return moment + min(by, _LAST - moment)


def position(moment: datetime, start: datetime, end: datetime, width: float) -> float:
    """How far into a width a moment lies; what is before or after lies at its ends."""
    whole = (end - start).total_seconds()
    share = (in_utc(moment) - start).total_seconds() / whole if whole > 0 else 0
    return width * min(max(share, 0), 1)


def _minutes(start: datetime, step: int) -> Iterator[Tick]:
    moment = start.replace(hour=0, minute=0, second=0, microsecond=0)
    for at in _every(moment, timedelta(minutes=step), start):
        yield Tick(at, f"{at:%d} {_month(at)} {at:%H:%M}")


def _days(start: datetime, step: int) -> Iterator[Tick]:
    moment = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if step % 7 == 0:
        moment -= timedelta(days=min(moment.weekday(), (moment - datetime.min.replace(tzinfo=UTC)).days))
    for at in _every(moment, timedelta(days=step), start):
        yield Tick(at, f"{at.day} {_month(at)}" + (f" {at.year}" if at.month == 1 and at.day <= step else ""))


def _months(start: datetime, step: int) -> Iterator[Tick]:
    number = (start.year * 12 + start.month - 1) // step * step
    while number < 9999 * 12:
        year, month = divmod(number, 12)
        number += step
        if year < 1 or (at := datetime(year, month + 1, 1, tzinfo=UTC)) < start:
            continue
        yield Tick(at, str(year) if step >= 12 or month == 0 else f"{_month(at)} {year}")


def _every(moment: datetime, step: timedelta, start: datetime) -> Iterator[datetime]:
    """Every so often from a moment on, what lies before the start left out."""
    while True:
        if moment >= start:
            yield moment
        if moment > _LAST - step:
            return
        moment += step


def _month(moment: datetime) -> str:
    """English in every locale, so that a report is the same wherever it is made."""
    return _NAMES[moment.month - 1]


def _round_step(step: float) -> float:
    """The first of 1, 2, 2.5, 5 and their tens that is not below."""
    power = 10.0 ** floor(log10(step))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step - power * 1e-9)
