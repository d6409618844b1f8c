"""Changes of a zone's clocks: daylight saving time, decrees, date lines, and old names."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from zoomauto.domain.zone_name import canonical_name
from zoomauto.domain.zone_offsets import OffsetChange, offset_changes, offset_differences


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def found(zone: str, start: str, end: str) -> list[tuple[str, float, float]]:
    """Give each change as its instant, and the hours before and after."""
    changes = offset_changes(ZoneInfo(zone), at(start), at(end))
    return [(f"{c.at:%Y-%m-%dT%H:%M:%S}", hours(c.before), hours(c.after)) for c in changes]


def hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", []),
        ("Asia/Kolkata", []),
        ("Europe/Berlin", [("2026-03-29T01:00:00", 1, 2), ("2026-10-25T01:00:00", 2, 1)]),
        # Winter is the other way round.
        ("Europe/Dublin", [("2026-03-29T01:00:00", 0, 1), ("2026-10-25T01:00:00", 1, 0)]),
        (
            "Australia/Lord_Howe",
            [("2026-04-04T15:00:00", 11, 10.5), ("2026-10-03T15:30:00", 10.5, 11)],
        ),
        (
            "Pacific/Chatham",
            [("2026-04-04T14:00:00", 13.75, 12.75), ("2026-09-26T14:00:00", 12.75, 13.75)],
        ),
        ("Antarctica/Troll", [("2026-03-29T01:00:00", 0, 2), ("2026-10-25T01:00:00", 2, 0)]),
        ("Africa/Casablanca", [("2026-02-15T02:00:00", 1, 0), ("2026-03-22T02:00:00", 0, 1)]),
    ],
)
def test_the_changes_of_2026(zone: str, expected: list[tuple[str, float, float]]):
    assert found(zone, "2026-01-01", "2027-01-01") == expected


def test_a_decree_and_a_skipped_day_are_changes_like_any_other():
    assert found("Asia/Almaty", "2024-01-01", "2025-01-01") == [("2024-02-29T18:00:00", 6, 5)]
    assert found("Pacific/Apia", "2011-12-01", "2012-02-01") == [("2011-12-30T10:00:00", -10, 14)]


def test_the_start_of_a_span_is_left_out_and_its_end_is_not():
    change = ("2026-03-29T01:00:00", 1, 2)
    assert found("Europe/Berlin", "2026-03-29T01:00", "2026-03-30") == []
    assert found("Europe/Berlin", "2026-03-29T00:59:59", "2026-03-30") == [change]
    assert found("Europe/Berlin", "2026-03-28T20:00", "2026-03-29T01:00") == [change]
    assert found("Europe/Berlin", "2026-03-28T20:00", "2026-03-29T00:59:59") == []
    assert found("Europe/Berlin", "2026-03-30", "2026-03-28") == []


def test_only_a_clock_put_back_repeats_something():
    forward, back = offset_changes(ZoneInfo("Europe/Berlin"), at("2026-01-01"), at("2027-01-01"))
    assert (forward.repeated, back.repeated) == (timedelta(), timedelta(hours=1))
    assert back == OffsetChange(
        at=at("2026-10-25T01:00"), before=timedelta(hours=2), after=timedelta(hours=1)
    )


def test_naive_spans_are_refused():
    with pytest.raises(ValueError, match="no time zone"):
        offset_changes(ZoneInfo("UTC"), at("2026-01-01").replace(tzinfo=None), at("2027-01-01"))


@pytest.mark.parametrize(
    ("host", "job", "expected"),
    [
        ("Europe/Berlin", "Europe/Paris", [0]),
        ("Europe/Berlin", "America/New_York", [5, 6]),
        # For three hours only, twice a year.
        ("America/New_York", "America/Los_Angeles", [2, 3, 4]),
        ("America/New_York", "Australia/Lord_Howe", [-16, -15, -14.5]),
        ("America/St_Johns", "Pacific/Chatham", [-17.25, -16.25, -15.25]),
    ],
)
def test_differences_that_last_for_hours_only_are_found(host: str, job: str, expected: list[float]):
    span = at("2026-11-23"), at("2031-11-23")
    differences = offset_differences(ZoneInfo(host), ZoneInfo(job), *span)
    assert list(map(hours, differences)) == expected


def test_old_names_are_those_that_no_country_uses_any_more():
    data = files("tzdata") / "zoneinfo"
    table = (data / "zone.tab").read_text().splitlines()
    used = {line.split("\t")[2] for line in table if not line.startswith("#")} | {"GMT", "UTC"}
    links = [line.split() for line in (data / "tzdata.zi").read_text().splitlines()]
    new_names = {link[2]: link[1] for link in links if link[0] == "L" and link[2] not in used}
    assert {old: canonical_name(old) for old in new_names} == new_names
    assert [name for name in used if canonical_name(name) != name] == []
