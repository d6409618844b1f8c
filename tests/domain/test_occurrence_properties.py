"""Occurrences against a slow reading of the contract, minute by minute, and against cronsim."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import latest_occurrence, next_occurrence, occurrences_between
from zoomauto.domain.schedule import CronSchedule

MINUTE = timedelta(minutes=1)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Antarctica/Troll",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Santiago",
    "America/Nuuk",
    "Pacific/Apia",
    "Asia/Almaty",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """A cron expression, together with the sets it was made from."""

    text: str
    values: tuple[frozenset[int], ...]
    stars: tuple[bool, ...]

    def matches(self, wall: datetime) -> bool:
        """Whether the pattern names this wall-clock time."""
        minutes, hours, days, months, weekdays = self.values
        either = not (self.stars[2] or self.stars[4])
        by_day = wall.day in days, wall.isoweekday() % 7 in weekdays
        return (
            wall.minute in minutes
            and wall.hour in hours
            and wall.month in months
            and (any(by_day) if either else all(by_day))
        )

    @property
    def interval_like(self) -> bool:
        """Whether minute or hour begins with a star."""
        return self.stars[0] or self.stars[1]


def choice(low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """Make a list or a range as text, and what it means."""
    values = st.integers(low, high)
    lists = st.lists(values, min_size=1, max_size=4).map(
        lambda chosen: (",".join(map(str, chosen)), frozenset(chosen))
    )
    ranges = st.tuples(values, values).map(
        lambda ends: (f"{min(ends)}-{max(ends)}", frozenset(range(min(ends), max(ends) + 1)))
    )
    return lists | ranges


def field(
    low: int, high: int, *, choose_to: int | None = None
) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """Make a field as text, and what it means; single values up to ``choose_to``."""
    steps = st.integers(2, max(high // 2, 2)).map(
        lambda n: (f"*/{n}", frozenset(range(low, high + 1, n)))
    )
    return st.just(("*", frozenset(range(low, high + 1)))) | steps | choice(low, choose_to or high)


def pattern(*fields: tuple[str, frozenset[int]]) -> Pattern:
    return Pattern(
        text=" ".join(text for text, _ in fields),
        values=tuple(values for _, values in fields),
        stars=tuple(text.startswith("*") for text, _ in fields),
    )


# Clocks change in the small hours: hours that meet a change are tried more often.
HOURS = field(0, 23) | choice(0, 3)
# Days that every month has: none of these patterns is one that never occurs.
DAYS = field(1, 31, choose_to=28)
PATTERNS = st.builds(pattern, field(0, 59), HOURS, DAYS, field(1, 12), field(0, 6))
DAILY = st.builds(
    pattern,
    field(0, 59),
    HOURS,
    st.just(("*", frozenset(range(1, 32)))),
    st.just(("*", frozenset(range(1, 13)))),
    st.just(("*", frozenset(range(7)))),
)


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Give the noons before the zone's changes of offset: ten years from 2020, 2011 and 2024."""
    noons = [datetime(2011, 6, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(19 * 365)]
    offsets = [(noon, noon.astimezone(ZoneInfo(zone)).utcoffset()) for noon in noons]
    return tuple(a for (a, before), (_, after) in pairwise(offsets) if before != after)


@st.composite
def windows(draw: st.DrawFn, zones: list[str] = ZONES) -> tuple[str, datetime, datetime]:
    """Draw a zone and two days of it, mostly around a change of its clocks."""
    zone = draw(st.sampled_from(zones))
    anywhere = st.integers(0, 10 * 365).map(
        lambda n: datetime(2020, 1, 1, 12, tzinfo=UTC) + timedelta(days=n)
    )
    near_change = st.sampled_from(changes(zone)) if changes(zone) else anywhere
    noon = draw(near_change | near_change | anywhere)
    start = noon + timedelta(minutes=draw(st.integers(-600, 900)))
    return zone, start, start + timedelta(hours=draw(st.integers(1, 60)))


def reference(cron: Pattern, zone: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Decide minute by minute, by the words of the contract, section 5."""
    # Two days ahead: the first pass of what is repeated, and what was skipped, lie in there.
    instant = start.replace(second=0, microsecond=0) - timedelta(days=2)
    previous = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    shown = {previous}
    while (instant := instant + MINUTE) <= end:
        wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        if cron.interval_like:
            occurs = cron.matches(wall)
        else:
            skipped = (previous + n * MINUTE for n in range(1, (wall - previous) // MINUTE))
            occurs = (cron.matches(wall) and wall not in shown) or any(map(cron.matches, skipped))
        if occurs and instant > start:
            yield instant
        shown.add(wall)
        previous = wall


def found(cron: Pattern, zone: str, start: datetime, end: datetime) -> list[datetime]:
    schedule = CronSchedule(expression=cron.text, timezone=zone)
    return [as_utc(instant) for instant in occurrences_between(schedule, start, end)]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(cron=DAILY | PATTERNS, window=windows())
def test_occurrences_are_those_of_a_walk_through_every_minute(
    cron: Pattern, window: tuple[str, datetime, datetime]
):
    zone, start, end = window
    expected = list(reference(cron, zone, start, end))
    assert found(cron, zone, start, end) == expected

    schedule = CronSchedule(expression=cron.text, timezone=zone)
    newest = latest_occurrence(schedule, after=start, until=end)
    assert (newest and as_utc(newest)) == (expected[-1] if expected else None)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cron=PATTERNS, window=windows())
def test_looking_back_from_anywhere_finds_what_looking_forward_gave(
    cron: Pattern, window: tuple[str, datetime, datetime]
):
    zone, start, _ = window
    schedule = CronSchedule(expression=cron.text, timezone=zone)
    following = next_occurrence(schedule, start)
    assert following
    assert as_utc(following) > start
    assert latest_occurrence(schedule, after=start, until=following) == following
    just_before = as_utc(following) - timedelta(seconds=1)
    assert latest_occurrence(schedule, after=start, until=just_before) is None


# cronsim loses times where clocks change by half an hour.
WHOLE_HOURS = [zone for zone in ZONES if zone != "Australia/Lord_Howe"]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(cron=DAILY | PATTERNS, window=windows(WHOLE_HOURS))
def test_occurrences_are_those_of_cronsim(cron: Pattern, window: tuple[str, datetime, datetime]):
    zone, start, end = window
    second_opinion = []
    for instant in CronSim(cron.text, start.astimezone(ZoneInfo(zone))):
        if as_utc(instant) > end:
            break
        second_opinion.append(as_utc(instant))
    assert found(cron, zone, start, end) == second_opinion
