"""What is due, against a slow reading of the rules that walks the occurrences one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain import due as rules
from zoomauto.domain.due import Calendar, Due, Missed, due, passed
from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import occurrences
from zoomauto.domain.policy import CatchUp
from zoomauto.domain.run import Trigger
from zoomauto.domain.schedule import CronSchedule

MINUTE = timedelta(minutes=1)
#: A day before clocks are put forward in Berlin, and back in New York a week later.
START = datetime(2026, 3, 28, 6, tzinfo=UTC)
DAILY = Calendar(schedule=CronSchedule(expression="0 6 * * *", timezone="UTC"), after=START)

calendars = st.builds(
    Calendar,
    schedule=st.builds(
        CronSchedule,
        expression=st.sampled_from(
            ["0 6 * * *", "30 2 * * *", "*/20 * * * *", "0 */5 * * *", "0 9 * * 1,5", "0 0 1 * *"]
        ),
        timezone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
    ),
    after=st.integers(0, 5000).map(lambda n: START + n * MINUTE),
    shift=st.integers(0, 90).map(lambda n: n * MINUTE),
    catch_up=st.sampled_from(CatchUp),
)


def by_walking(calendar: Calendar, now: datetime) -> Due | None:
    """Read the rules of contract, section 5, one occurrence after the other."""
    open_occurrences = []
    for occurrence in map(as_utc, occurrences(calendar.schedule, calendar.after)):
        if occurrence + calendar.shift > now:
            break
        open_occurrences.append(occurrence)
    if not open_occurrences:
        return None
    is_late = now > open_occurrences[-1] + calendar.shift + timedelta(minutes=5)
    runs = not is_late or calendar.catch_up is CatchUp.LATEST
    rest = open_occurrences[:-1] if runs else open_occurrences
    return Due(
        occurrence=open_occurrences[-1] if runs else None,
        trigger=Trigger.CATCH_UP if runs and is_late else Trigger.SCHEDULE,
        missed=Missed(first=rest[0], last=rest[-1], count=len(rest)) if rest else None,
    )


@given(calendar=calendars, minutes=st.integers(0, 6 * 1440), seconds=st.sampled_from([0, 1, 59]))
def test_it_is_what_walking_from_occurrence_to_occurrence_finds(
    calendar: Calendar, minutes: int, seconds: int
):
    now = calendar.after + minutes * MINUTE + timedelta(seconds=seconds)

    assert due(calendar, now) == by_walking(calendar, now)


@given(calendar=calendars, minutes=st.integers(0, 6 * 1440))
def test_every_occurrence_is_accounted_for_exactly_once_however_often_it_is_asked(
    calendar: Calendar, minutes: int
):
    """Ask at two instants, and once at the second: the same occurrences in all."""
    middle, end = calendar.after + minutes / 3 * MINUTE, calendar.after + minutes * MINUTE
    first, whole = due(calendar, middle), due(calendar, end)
    reached = _last(first) or calendar.after
    second = due(replace(calendar, after=reached), end)

    assert _count(first) + _count(second) == _count(whole)


def test_five_minutes_are_no_delay_and_a_second_more_is():
    six = START + timedelta(days=1)

    assert due(DAILY, six + 5 * MINUTE) == Due(occurrence=six)
    assert due(DAILY, six + timedelta(minutes=5, seconds=1)) == Due(
        occurrence=six, trigger=Trigger.CATCH_UP
    )


def test_lateness_counts_from_the_shifted_start():
    six, shifted = START + timedelta(days=1), replace(DAILY, shift=30 * MINUTE)

    assert due(shifted, six + 29 * MINUTE) is None
    assert due(shifted, six + 35 * MINUTE) == Due(occurrence=six)


def test_the_occurrence_at_which_a_schedule_was_changed_is_not_due():
    assert due(DAILY, START) is None


def test_a_paused_job_passes_over_the_newest_too():
    found = passed(DAILY, START + timedelta(days=3))

    assert found == Missed(first=START + timedelta(days=1), last=START + timedelta(days=3), count=3)


def test_the_count_ends_where_it_says_nothing_anymore(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "MOST_COUNTED", 50)
    found = due(DAILY, START + timedelta(days=36_525))

    assert found
    assert found.missed == Missed(
        first=START + timedelta(days=1), last=START + timedelta(days=36_524), count=50
    )


def _last(found: Due | None) -> datetime | None:
    if found is None:
        return None
    return found.occurrence or (found.missed.last if found.missed else None)


def _count(found: Due | None) -> int:
    if found is None:
        return 0
    return (found.occurrence is not None) + (found.missed.count if found.missed else 0)
