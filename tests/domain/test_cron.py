"""What cron expressions mean, and what is said about those that mean nothing."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoomauto.domain.cron import CronExpression, minimum_interval, parse_cron
from zoomauto.errors import InvalidSchedule

ALL_DAYS = tuple(range(1, 32))
ALL_MONTHS = tuple(range(1, 13))
ALL_WEEKDAYS = tuple(range(7))


def test_an_expression_becomes_the_values_it_stands_for():
    assert parse_cron(" */20 9-17/4\t1,15 jan,JUL-Sep Mon-fri,7 \n") == CronExpression(
        minutes=(0, 20, 40),
        hours=(9, 13, 17),
        days=(1, 15),
        months=(1, 7, 8, 9),
        weekdays=(0, 1, 2, 3, 4, 5),
        day_star=False,
        weekday_star=False,
        interval_like=True,
        source="*/20 9-17/4 1,15 jan,JUL-Sep Mon-fri,7",
    )


@pytest.mark.parametrize(
    ("macro", "fields"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ],
)
def test_a_macro_is_short_for_five_fields(macro: str, fields: str):
    short, long = parse_cron(macro), parse_cron(fields)
    assert short.source == macro
    assert {
        name: getattr(short, name) for name in CronExpression.__slots__ if name != "source"
    } == {name: getattr(long, name) for name in CronExpression.__slots__ if name != "source"}


@pytest.mark.parametrize(
    ("field", "weekdays"),
    [
        ("0", (0,)),
        ("7", (0,)),
        ("5-7", (0, 5, 6)),
        ("0-7", ALL_WEEKDAYS),
        ("sun-sat", ALL_WEEKDAYS),
        ("SUN", (0,)),
        ("*/7", (0,)),
        ("*/2", (0, 2, 4, 6)),
        ("mon-5/2", (1, 3, 5)),
        ("06,6,6", (6,)),
    ],
)
def test_sunday_is_0_and_7(field: str, weekdays: tuple[int, ...]):
    assert parse_cron(f"0 0 * * {field}").weekdays == weekdays


@pytest.mark.parametrize(
    "expression", ["* * * * *", "*/15 9 * * *", "0 */2 * * *", "0 *,5 * * *", "@hourly"]
)
def test_a_star_in_front_of_minute_or_hour_makes_it_interval_like(expression: str):
    assert parse_cron(expression).interval_like


@pytest.mark.parametrize("expression", ["0 0 * * *", "0 0-23 * * *", "0 5,* * * *", "@daily"])
def test_anything_else_has_fixed_times(expression: str):
    assert not parse_cron(expression).interval_like


@pytest.mark.parametrize(
    ("expression", "days_of_june_2026"),
    [
        # June 2026 begins on a Monday.
        ("0 0 1,15 6 5", [1, 5, 12, 15, 19, 26]),
        ("0 0 */2 6 1", [1, 15, 29]),
        ("0 0 1-31/2 6 1", [*range(1, 31, 2), 8, 22]),
        ("0 0 10,* 6 1", list(range(1, 31))),
        ("0 0 1-7 6 */7", [7]),
        ("0 0 13 6 *", [13]),
        ("0 0 * 6 1", [1, 8, 15, 22, 29]),
        ("0 0 31 6 1", [1, 8, 15, 22, 29]),
        ("0 0 1 5,7 *", []),
    ],
)
def test_both_day_fields_must_match_only_if_one_begins_with_a_star(
    expression: str, days_of_june_2026: list[int]
):
    cron = parse_cron(expression)
    june = (date(2026, 6, day) for day in range(1, 31))
    assert [d.day for d in june if cron.matches_day(d)] == sorted(days_of_june_2026)


@pytest.mark.parametrize(
    ("expression", "says", "hint"),
    [
        ("0 6 * * fri-mon", "'fri-mon' in the weekday field", "0,1,5,6"),
        ("0 22-2 * * *", "'22-2' in the hour field", "0,1,2,22,23"),
        ("0 6 * * mon-sun", "'mon-sun' in the weekday field", "write * instead"),
        ("0 6 * * sat-sun", "Sunday is 0", "0,6"),
        ("0 6 * * fri-sun/2", "runs backwards", "0,5"),
        ("0 6 * * 6-1", "runs backwards", "0,1,6"),
        ("0 6 * nov-feb *", "runs backwards", "1,2,11,12"),
        ("5/15 * * * *", "step without a range", "5-59/15"),
        ("0 6 * * 1/2", "step without a range", "1-6/2"),
        ("0 20/15 * * *", "step without a range", "write 20 instead"),
        ("*/60 * * * *", "beyond the range", "write 0 instead"),
        ("0 */24 * * *", "beyond the range", "write 0 instead"),
        ("0 0 */32 * *", "beyond the range", "write 1 instead"),
        ("0 0 * */13 *", "beyond the range", "write 1 instead"),
        ("0 0 * * */8", "beyond the range", "write 0 instead"),
        ("10-20/11 * * * *", "beyond the range", "write 10 instead"),
        ("*/0 * * * *", "is zero", "write * instead"),
        ("*/x * * * *", "not a whole number", "0 to 59"),
        ("*/ * * * *", "not a whole number", "0 to 59"),
        ("60 * * * *", "out of range: 0 to 59", "write 0 instead"),
        ("0 24 * * *", "out of range: 0 to 23", "write 0 instead"),
        ("0 0 0 * *", "out of range: 1 to 31", None),
        ("0 0 32 * *", "out of range: 1 to 31", None),
        ("0 0 * 13 *", "out of range: 1 to 12", None),
        ("0 0 * * 8", "out of range: 0 to 7", None),
        (f"{'9' * 5000} 0 * * *", "out of range: 0 to 59", None),
        ("0 6 * * monday", "'monday' in the weekday field", "write mon instead"),
        ("0 6 mon * *", "day of the month field", "1 to 31"),
        ("1,,2 6 * * *", "empty item", "write 1,2 instead"),
        (", 6 * * *", "empty item", None),
        ("\u0663 6 * * *", "minute field", "0 to 59"),
        ("*5 6 * * *", "minute field", "0 to 59"),
        ("1-3-5 6 * * *", "minute field", "0 to 59"),
        ("-5 6 * * *", "minute field", "0 to 59"),
        ("0 0 ? * *", "'?' in the day of the month field", "write * instead"),
        ("0 0 L * *", "'L' in the day of the month field", "1 to 31"),
        ("0 0 L-3 * *", "extension", "1 to 31"),
        ("0 0 15W * *", "extension", "1 to 31"),
        ("0 0 LW * *", "extension", "1 to 31"),
        ("0 0 * * 5L", "extension", "0 to 7"),
        ("0 0 * * friL", "extension", "0 to 7"),
        ("0 0 * * 5#2", "extension", "sun to sat"),
        ("H 0 * * *", "extension", "0 to 59"),
        ("0~30 0 * * *", "random value", "0 to 59"),
        ("", "five fields", None),
        ("0 6 * *", "has 4", None),
        ("0 6\n* * *", "has 4", None),
        ("0 0 6 * * *", "has 6", "write 0 6 * * * instead"),
        ("0 6 * * * root", "has 6", "write 0 6 * * * instead"),
        ("30 0 6 * * *", "has 6", "leave out"),
        ("CRON_TZ=UTC 0 6 * * *", "has 6", "write 0 6 * * * instead, with the time zone UTC"),
        ("@reboot", "@reboot", "@daily"),
        ("@Daily", "@Daily", "write @daily instead"),
        ("@every 5m", "@every", "@hourly"),
        ("0 0 30 2 *", "never occurs", "write 0 0 28 2 * instead"),
        ("0 0 31 4,jun *", "never occurs", "write 0 0 30 4,jun * instead"),
        ("0 0 31 2,4 *", "never occurs", "write 0 0 28 2,4 * instead"),
        ("0 0 31 2 */2", "never occurs", "write 0 0 28 2 */2 instead"),
    ],
)
def test_what_cron_would_not_run_is_refused_with_what_to_write(
    expression: str, says: str, hint: str | None
):
    with pytest.raises(InvalidSchedule, match=re.escape(says)) as caught:
        parse_cron(expression)
    if hint is None:
        assert caught.value.hint is None
    else:
        assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("hint_of", ["fri-mon", "6-1/2", "mon-sun", "7-1", "2/2", "*/9", "6-7/2"])
def test_a_hint_can_be_written_as_it_stands(hint_of: str):
    with pytest.raises(InvalidSchedule) as caught:
        parse_cron(f"0 6 * * {hint_of}")
    written = re.fullmatch(rf"write (\S+) instead of {re.escape(hint_of)}", caught.value.hint or "")
    assert written
    assert parse_cron(f"0 6 * * {written[1]}").weekdays


@pytest.mark.parametrize(
    ("expression", "interval"),
    [
        ("* * * * *", timedelta(minutes=1)),
        ("*/15 * * * *", timedelta(minutes=15)),
        ("*/40 * * * *", timedelta(minutes=20)),
        ("0 */5 * * *", timedelta(hours=4)),
        ("0 0 * * *", timedelta(days=1)),
        ("0,59 0,23 * * *", timedelta(minutes=1)),
        ("0 0,23 * * 1", timedelta(hours=23)),
        ("0 0,23 * * 1,2", timedelta(hours=1)),
        ("30 9 * * 1,3,5", timedelta(days=2)),
        ("0 0 31 * *", timedelta(days=31)),
        ("0 0 1 * *", timedelta(days=28)),
        ("0 0 1,31 * *", timedelta(days=1)),
        ("0 0 29 2 *", timedelta(days=4 * 365 + 1)),
        ("0 0 1 1 *", timedelta(days=365)),
        ("0 0 29 2 */7", timedelta(days=28 * 365 + 7)),
        ("0 0 29 2 1", timedelta(days=1)),
        ("0 0 31 12 */7", timedelta(days=5 * 365 + 2)),
        ("0 12 1 3 *", timedelta(days=365)),
    ],
)
def test_the_minimum_interval_is_the_smallest_gap_of_the_endless_pattern(
    expression: str, interval: timedelta
):
    assert minimum_interval(parse_cron(expression)) == interval


def lists(low: int, high: int) -> st.SearchStrategy[str]:
    items = st.lists(st.integers(low, high), min_size=1, max_size=3)
    return st.sampled_from(["*", "*/2", "*/3"]) | items.map(lambda v: ",".join(map(str, v)))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(fields=st.tuples(lists(1, 31), lists(1, 12), lists(0, 6)), hour=st.integers(0, 23))
def test_interval_and_refusal_agree_with_a_walk_through_400_years(
    fields: tuple[str, str, str], hour: int
):
    expression = f"0 {hour} {' '.join(fields)}"
    try:
        cron = parse_cron(expression)
    except InvalidSchedule:
        assert expected_days(fields) == []
        return
    days = expected_days(fields)
    # The calendar repeats: the first day comes round 400 years after itself.
    around = [*days, days[0] + 146097]
    assert minimum_interval(cron).days == min(b - a for a, b in pairwise(around))


def expected_days(fields: tuple[str, str, str]) -> list[int]:
    """Walk 400 years and give the ordinals of the days that match, by the words of the contract."""
    sets = [expand(f, r) for f, r in zip(fields, [(1, 31), (1, 12), (0, 6)], strict=True)]
    both = fields[0].startswith("*") or fields[2].startswith("*")
    found = []
    first = date(2000, 1, 1).toordinal()
    for ordinal in range(first, first + 146097):
        day = date.fromordinal(ordinal)
        if day.month not in sets[1]:
            continue
        matches = day.day in sets[0], day.isoweekday() % 7 in sets[2]
        if all(matches) if both else any(matches):
            found.append(ordinal)
    return found


def expand(field: str, bounds: tuple[int, int]) -> set[int]:
    if field.startswith("*"):
        return set(range(bounds[0], bounds[1] + 1, int(field[2:] or 1)))
    return {int(value) for value in field.split(",")}
