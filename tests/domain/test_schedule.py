"""Schedules in documents, as cron text and in words."""

import subprocess
import sys
from datetime import time
from typing import Any

import pytest

from zoomauto.domain.cron import parse_cron
from zoomauto.domain.schedule import (
    CronSchedule,
    EveryHours,
    Schedule,
    TimeOfDay,
    Weekdays,
    cron_of,
    cron_text,
    describe,
    schedule_from_document,
    schedule_to_document,
    warnings,
)
from zoomauto.errors import InvalidSchedule

MOSCOW = "Europe/Moscow"
KINDS: list[tuple[dict[str, Any], Schedule, str, str]] = [
    (
        {"type": "time_of_day", "time": "06:00", "timezone": MOSCOW},
        TimeOfDay(time=time(6), timezone=MOSCOW),
        "0 6 * * *",
        "every day at 06:00 (Europe/Moscow)",
    ),
    (
        {"type": "hours", "hours": 6, "timezone": "UTC"},
        EveryHours(hours=6, timezone="UTC"),
        "0 */6 * * *",
        "every 6 hours, at 00:00, 06:00, 12:00 and 18:00 (UTC)",
    ),
    (
        {"type": "hours", "hours": 1, "timezone": "UTC"},
        EveryHours(hours=1, timezone="UTC"),
        "0 */1 * * *",
        "every hour, on the hour (UTC)",
    ),
    (
        {"type": "hours", "hours": 24, "timezone": "UTC"},
        EveryHours(hours=24, timezone="UTC"),
        "0 0 * * *",
        "every 24 hours, at 00:00 (UTC)",
    ),
    (
        {"type": "weekdays", "days": [0, 2, 4], "time": "09:30", "timezone": MOSCOW},
        Weekdays(days=(0, 2, 4), time=time(9, 30), timezone=MOSCOW),
        "30 9 * * 1,3,5",
        "Monday, Wednesday and Friday at 09:30 (Europe/Moscow)",
    ),
    (
        {"type": "weekdays", "days": [0, 1, 2, 3, 4, 6], "time": "23:05", "timezone": MOSCOW},
        Weekdays(days=(0, 1, 2, 3, 4, 6), time=time(23, 5), timezone=MOSCOW),
        "5 23 * * 0,1,2,3,4,5",
        "Monday to Friday and Sunday at 23:05 (Europe/Moscow)",
    ),
    (
        {"type": "cron", "expression": "*/15 9-17 * * mon-fri", "timezone": MOSCOW},
        CronSchedule(expression="*/15 9-17 * * mon-fri", timezone=MOSCOW),
        "*/15 9-17 * * mon-fri",
        "every 15 minutes of hours 9 to 17, Monday to Friday (Europe/Moscow)",
    ),
]


@pytest.mark.parametrize(("document", "schedule", "cron", "words"), KINDS)
def test_a_schedule_is_the_same_as_document_value_cron_and_words(
    document: dict[str, Any], schedule: Schedule, cron: str, words: str
):
    assert schedule_from_document(document, default_timezone="Asia/Tokyo") == schedule
    assert schedule_to_document(schedule) == document
    assert cron_text(schedule) == cron
    assert cron_of(schedule) == parse_cron(cron)
    assert describe(schedule) == words


def test_a_schedule_without_zone_is_in_the_default_one():
    document = {"type": "weekdays", "days": [4, 0, 4], "time": "6:05"}
    assert schedule_from_document(document, default_timezone="Asia/Kathmandu") == Weekdays(
        days=(0, 4), time=time(6, 5), timezone="Asia/Kathmandu"
    )


def test_blanks_of_an_expression_are_evened_out():
    document = {"type": "cron", "expression": " 0\t6  * * * \n"}
    assert schedule_from_document(document, default_timezone="UTC") == CronSchedule(
        expression="0 6 * * *", timezone="UTC"
    )


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({}, "has no type"),
        ({"type": "day"}, "no schedule type 'day'"),
        ({"type": ["cron"]}, "no schedule type"),
        ([], "table of keys"),
        ({"type": "time_of_day"}, "needs 'time'"),
        ({"type": "weekdays"}, "needs 'days' and 'time'"),
        ({"type": "hours", "hours": 6, "time": "06:00"}, "has no 'time'"),
        ({"type": "hours", "hours": 0}, "1 to 24"),
        ({"type": "hours", "hours": 25}, "1 to 24"),
        ({"type": "hours", "hours": True}, "1 to 24"),
        ({"type": "hours", "hours": 6.0}, "1 to 24"),
        ({"type": "hours", "hours": "6"}, "1 to 24"),
        ({"type": "time_of_day", "time": "24:00"}, "no time 24:00"),
        ({"type": "time_of_day", "time": "06:60"}, "no time 06:60"),
        ({"type": "time_of_day", "time": "06:00:00"}, "hours and minutes"),
        ({"type": "time_of_day", "time": "6"}, "hours and minutes"),
        ({"type": "time_of_day", "time": " 06:00"}, "hours and minutes"),
        ({"type": "time_of_day", "time": "\u0660\u0666:00"}, "hours and minutes"),
        ({"type": "time_of_day", "time": 600}, "hours and minutes"),
        ({"type": "weekdays", "days": [], "time": "06:00"}, "list of weekdays"),
        ({"type": "weekdays", "days": "mon", "time": "06:00"}, "list of weekdays"),
        ({"type": "weekdays", "days": [0, 7], "time": "06:00"}, "7 is none"),
        ({"type": "weekdays", "days": [False], "time": "06:00"}, "False is none"),
        ({"type": "weekdays", "days": ["mon"], "time": "06:00"}, "'mon' is none"),
        ({"type": "cron", "expression": "0 6 * * fri-mon"}, "runs backwards"),
        ({"type": "cron", "expression": 6}, "must be text"),
        ({"type": "hours", "hours": 6, "timezone": None}, "IANA name"),
        ({"type": "hours", "hours": 6, "timezone": ""}, "time zone is empty"),
        ({"type": "hours", "hours": 6, "timezone": "/etc/localtime"}, "no time zone"),
        ({"type": "hours", "hours": 6, "timezone": "../UTC"}, "no time zone"),
        ({"type": "hours", "hours": 6, "timezone": "Europe"}, "no time zone"),
        ({"type": "hours", "hours": 6, "timezone": "localtime"}, "no time zone"),
        ({"type": "hours", "hours": 6, "timezone": "right/Europe/Berlin"}, "no time zone"),
        ({"type": "hours", "hours": 6, "timezone": "UTC\0"}, "no time zone"),
    ],
)
def test_a_document_that_is_no_schedule_is_refused(document: Any, says: str):
    with pytest.raises(InvalidSchedule, match=says):
        schedule_from_document(document, default_timezone="UTC")


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Europe/Berlni", "Europe/Berlin"),
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Moscow", "Europe/Moscow"),
        ("New York", "America/New_York"),
        ("UTC+3", "Etc/GMT-3 is UTC+3; a place"),
        ("-05:00", "Etc/GMT+5 is -05:00; a place"),
    ],
)
def test_a_misspelt_zone_is_answered_with_the_closest_one(written: str, hint: str):
    with pytest.raises(InvalidSchedule) as caught:
        schedule_from_document({"type": "hours", "hours": 6}, default_timezone=written)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * * *", "every minute"),
        ("0-59 * * * *", "every minute"),
        ("0-59 0-23 * * *", "at minutes 0 to 59 of hours 0 to 23"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0,15,30,45 * * * *", "every 15 minutes"),
        ("0-59/15 0-23 * * *", "at minutes 0, 15, 30 and 45 of hours 0 to 23"),
        ("5-59/15 * * * *", "at minutes 5, 20, 35 and 50 of every hour"),
        ("*/40 * * * *", "at minutes 0 and 40 of every hour"),
        ("*/25 * * * *", "at minutes 0, 25 and 50 of every hour"),
        ("@hourly", "at minute 0 of every hour"),
        ("5 * * * *", "at minute 5 of every hour"),
        ("5 0-23 * * *", "at minute 5 of hours 0 to 23"),
        ("0 9-17 * * 1-5", "at minute 0 of hours 9 to 17, Monday to Friday"),
        ("*/5 9-17 * * mon-fri", "every 5 minutes of hours 9 to 17, Monday to Friday"),
        ("* 9 * * *", "every minute of hour 9"),
        ("*/30 9 * * *", "every day at 09:00 and 09:30"),
        ("0 */6 * * *", "every day at 00:00, 06:00, 12:00 and 18:00"),
        ("0 0-22/3 * * *", "at minute 0 of hours 0, 3, 6, 9, 12, 15, 18 and 21"),
        ("30 6 * * *", "every day at 06:30"),
        ("@daily", "every day at 00:00"),
        ("@weekly", "Sunday at 00:00"),
        ("0 12 * * 0,6", "Saturday and Sunday at 12:00"),
        ("0 12 * * 5-7", "Friday to Sunday at 12:00"),
        ("0 12 * * 0,1", "Monday and Sunday at 12:00"),
        ("@monthly", "at 00:00 on day 1 of the month"),
        ("@yearly", "at 00:00 on day 1 of January"),
        ("0 0 29 2 *", "at 00:00 on day 29 of February"),
        ("0 0 2-30/2 * *", "at 00:00 on even days of the month"),
        ("0 0 1,15 * 5", "at 00:00 on days 1 and 15 of the month or on Friday"),
        ("0 0 13 6 fri", "at 00:00 on day 13 of the month or on Friday, in June"),
        ("0 0 */2 * 1", "at 00:00 on odd days of the month, only if it is Monday"),
        ("0 0 1-31/2 * 1", "at 00:00 on odd days of the month or on Monday"),
        ("0 0 1-7 * */7", "at 00:00 on days 1 to 7 of the month, only if it is Sunday"),
        (
            "0 0 */8 5 1,3",
            "at 00:00 on days 1, 9, 17 and 25 of May, only if it is Monday or Wednesday",
        ),
        ("0 0 10,* * 1", "every day at 00:00"),
        ("0 0 1 * 0-6", "every day at 00:00"),
        ("0 0 */1 * 5", "Friday at 00:00"),
        ("0 0 * 1-3,7 *", "every day in January to March and July at 00:00"),
        ("0 22 * 6 1-5", "Monday to Friday in June at 22:00"),
        ("* * * 5 *", "every minute, every day in May"),
        ("* * 1 * *", "every minute, on day 1 of the month"),
    ],
)
def test_a_cron_expression_is_said_in_plain_english(expression: str, words: str):
    assert describe(CronSchedule(expression=expression, timezone="UTC")) == f"{words} (UTC)"


@pytest.mark.parametrize(
    ("schedule", "texts"),
    [
        (EveryHours(hours=8, timezone="UTC"), ()),
        (
            EveryHours(hours=5, timezone="UTC"),
            (
                (
                    "5 hours do not divide a day: the count restarts at midnight, so it occurs at"
                    " 00:00, 05:00, 10:00, 15:00 and 20:00, the last one 4 hours before midnight"
                ),
            ),
        ),
        (
            CronSchedule(expression="0 0 31 * *", timezone="UTC"),
            (
                (
                    "February, April, June, September and November have no day 31: it occurs in 7"
                    " months of the year only"
                ),
            ),
        ),
        (
            CronSchedule(expression="0 0 30,31 1,2 *", timezone="UTC"),
            ("February has no day 30 or day 31: it occurs in 1 month of the year only",),
        ),
        (
            CronSchedule(expression="0 0 31 2,3 1", timezone="UTC"),
            ("February has no day 31: there it occurs by weekday only",),
        ),
        (
            CronSchedule(expression="0 0 29 2 *", timezone="UTC"),
            ("February has a day 29 only in leap years",),
        ),
        (CronSchedule(expression="0 0 28,31 * *", timezone="UTC"), ()),
        (CronSchedule(expression="0 0 * * *", timezone="UTC"), ()),
        (TimeOfDay(time=time(6), timezone="UTC"), ()),
        (Weekdays(days=(1,), time=time(6), timezone="UTC"), ()),
    ],
)
def test_what_may_surprise_is_said(schedule: Schedule, texts: tuple[str, ...]):
    assert warnings(schedule) == texts


def test_schedules_are_read_without_loading_croniter():
    """Loading croniter costs a tenth of a second, which commands that only edit should not pay."""
    program = "import sys, zoomauto.domain.schedule; print('croniter' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"
