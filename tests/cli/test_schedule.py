"""``zoomauto schedule next``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Zoomauto = Callable[..., Any]


def test_occurrences_of_a_schedule_need_no_database(fresh: Zoomauto, database: Path):
    words = ("--cron", "30 2 * * *", "--timezone", "Europe/Berlin", "--count", "3")
    ended = fresh("schedule", "next", *words, "--after", "2026-03-28T00:00+01:00", "-o", "json")
    assert (ended.code, ended.document) == (
        0,
        {
            "schema": 1,
            "command": "schedule next",
            "status": "success",
            "data": {
                "occurrences": [
                    "2026-03-28T02:30:00+01:00",
                    "2026-03-29T03:00:00+02:00",
                    "2026-03-30T02:30:00+02:00",
                ],
                "notes": [
                    {
                        "at": "2026-03-29T03:00:00+02:00",
                        "kind": "moved",
                        "text": "2026-03-29 02:30 does not exist: starts at 03:00 CEST",
                    }
                ],
                "schedule": {
                    "type": "cron",
                    "expression": "30 2 * * *",
                    "timezone": "Europe/Berlin",
                },
                "schedule_in_words": "every day at 02:30 (Europe/Berlin)",
                "cron": "30 2 * * *",
                "warnings": [],
            },
            "errors": [],
        },
    )
    assert not database.exists()


@pytest.mark.parametrize(
    ("after", "first"),
    [
        ("2026-11-23T21:00:00Z", "2026-11-24T21:00:00+00:00"),
        ("2026-11-23T20:59:59+00:00", "2026-11-23T21:00:00+00:00"),
        ("2026-11-23T21:00:00", "2026-11-24T21:00:00+00:00"),
        ("2026-11-23", "2026-11-23T21:00:00+00:00"),
    ],
)
def test_occurrences_of_a_job_lie_strictly_after_the_instant(
    stocked: Zoomauto, after: str, first: str
):
    words = ("--count", "1", "--after", after, "-o", "json")
    assert stocked("schedule", "next", "every-evening", *words).data["occurrences"] == [first]


def test_occurrences_of_a_job_in_another_zone(stocked: Zoomauto):
    words = ("--timezone", "Asia/Tokyo", "--count", "1", "--after", "2026-11-23T00:00Z")
    ended = stocked("schedule", "next", "1", *words)
    assert (ended.out, ended.err) == ("Mon 2026-11-23 21:00:00+09:00\n", "")


def test_what_keeps_a_job_from_starting_at_its_times_is_said(stocked: Zoomauto):
    stocked("job", "update", "every-evening", "--jitter", "2h")
    assert stocked("schedule", "next", "every-evening").err == (
        "Note: the job starts 1:43:00 after each of these times: its jitter.\n"
    )
    stocked("job", "update", "every-evening", "--jitter", "0")
    stocked("job", "disable", "every-evening")
    assert stocked("schedule", "next", "every-evening").err == (
        "Note: the job is switched off and starts at none of these times: zoomauto job enable"
        " every-evening.\n"
    )


def test_five_occurrences_from_now_are_shown_unless_asked_otherwise(stocked: Zoomauto):
    assert len(stocked("schedule", "next", "1").out.splitlines()) == 5
