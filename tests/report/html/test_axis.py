"""Round numbers and round dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.report.html.charts.axis import position, time_ticks, value_ticks


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (1000, [0, 250, 500, 750, 1000]),
        (1001, [0, 500, 1000, 1500]),
        (1944, [0, 500, 1000, 1500, 2000]),
    ],
)
def test_a_height_has_round_values(most: float, ticks: list[float]) -> None:
    assert value_ticks(most) == ticks


@given(most=st.integers(1, 2**63))
def test_ticks_reach_the_highest_value_in_even_steps(most: int) -> None:
    ticks = value_ticks(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most * (1 - 1e-9)
    assert ticks[-2] < most
    assert 2 <= len(ticks) <= 6
    assert all(tick == ticks[1] * place for place, tick in enumerate(ticks))


TIMES = {
    "three days": ("2026-01-01", "2026-01-04", ["1 Jan 2026", "2 Jan", "3 Jan", "4 Jan"]),
    "a quarter": ("2025-12-01", "2026-03-01", ["Dec 2025", "2026", "Feb 2026", "Mar 2026"]),
    "ten years": ("2016-05-05", "2026-01-02", ["2018", "2020", "2022", "2024", "2026"]),
    "a morning": ("2026-01-05T01:00", "2026-01-05T10:00", ["05 Jan 03:00", "05 Jan 06:00", "05 Jan 09:00"]),
}


@pytest.mark.parametrize("case", TIMES)
def test_a_time_has_round_dates(case: str) -> None:
    start, end, labels = TIMES[case]
    ticks = time_ticks(datetime.fromisoformat(start), datetime.fromisoformat(end), 5)
    assert [tick.label for tick in ticks] == labels


@given(
    start=st.datetimes(timezones=st.just(UTC)),
    length=st.timedeltas(timedelta(0), timedelta(days=3_000_000)),
    count=st.integers(2, 12),
)
def test_ticks_lie_within_the_time_and_are_few(start: datetime, length: timedelta, count: int) -> None:
    end = min(start, datetime.max.replace(tzinfo=UTC) - length) + length
    moments = [tick.at for tick in time_ticks(start, end, count)]
    assert len(moments) <= count
    assert moments == sorted(set(moments))
    assert all(start <= moment <= end for moment in moments)


def test_a_moment_lies_as_far_along_as_its_time_has_passed() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)
    days = [datetime(2026, 1, 2, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)]
    assert [position(day, start, end, 400) for day in days] == [100, 0, 400]
    assert position(start, start, start, 400) == 0
