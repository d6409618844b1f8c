"""How fast Zoom is asked, and how long we wait."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from zoomauto.errors import RateLimited, TemporaryError, Unreachable
from zoomauto.http import Answer
from zoomauto.sources.zoom.options import Plan
from zoomauto.sources.zoom.pace import TRIES, Label, Pace, ask_patiently, back_at_of
from zoomauto.testing.clock import FrozenClock

NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
GOOD = Answer(status=200, headers={}, body=b"{}")


def limited(message: str = "per-second", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"code": 429, "message": f"reached the maximum {message} rate limit"})
    return Answer(status=429, headers=names, body=body.encode())


def ask(*answers: Answer | Exception) -> tuple[Answer, list[timedelta]]:
    clock = FrozenClock(NOW)
    left: Iterator[Any] = iter(answers)

    def send() -> Answer:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Answer)
        return answer

    return ask_patiently(send, clock)[0], clock.slept


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", NOW + timedelta(seconds=7)),
        ("2026-08-21T00:00:00Z", datetime(2026, 8, 21, tzinfo=UTC)),
        ("Fri, 21 Aug 2026 00:00:00 GMT", datetime(2026, 8, 21, tzinfo=UTC)),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_every_form(value: str, expected: datetime | None):
    assert back_at_of({"retry-after": value}, NOW) == expected


def test_without_retry_after_the_reset_counts():
    reset = {"x-ratelimit-reset": str(int(NOW.timestamp()) + 1)}
    assert back_at_of(reset, NOW) == NOW + timedelta(seconds=1)


@pytest.mark.parametrize("headers", [{"retry_after": "3"}, {"x_ratelimit_reset": "1787227203"}])
def test_a_limit_per_second_is_waited_for(headers: dict[str, str]):
    answer, slept = ask(limited(**headers), GOOD)
    assert answer == GOOD
    assert timedelta(seconds=3) < slept[0] <= timedelta(seconds=3.5)


def test_a_wait_is_never_longer_than_a_minute():
    answer, slept = ask(limited(retry_after="3600", x_ratelimit_type="QPS"), GOOD)
    assert (answer, slept) == (GOOD, [timedelta(seconds=60)])


@pytest.mark.parametrize(
    "answer",
    [
        limited("daily", x_ratelimit_type="Daily-limit", retry_after="2026-08-21T00:00:00Z"),
        limited("daily", retry_after="43200"),
        limited("unnamed", retry_after="Fri, 21 Aug 2026 00:00:00 GMT"),
    ],
)
def test_a_daily_limit_ends_at_once_with_its_reset(answer: Answer):
    with pytest.raises(RateLimited) as caught:
        ask(answer)
    assert caught.value.data["reset_at"] == "2026-08-21T00:00:00+00:00"


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(status=503, headers={}, body=b""),
        Answer(status=200, headers={}, body=b"<html>"),
        Answer(status=200, headers={}, body=b'{"meetings": ['),
        Unreachable(),
    ],
)
def test_what_may_pass_is_tried_again_with_growing_waits(trouble: Answer | Exception):
    answer, slept = ask(*[trouble] * (TRIES - 1), GOOD)
    assert answer == GOOD
    assert all(
        most / 2 <= wait.total_seconds() <= most
        for wait, most in zip(slept, (1, 2, 4, 8, 16), strict=True)
    )
    with pytest.raises(TemporaryError):
        ask(*[trouble] * TRIES)


def test_a_refusal_is_not_tried_again():
    refused = Answer(status=404, headers={}, body=b'{"code": 1001}')
    assert ask(refused) == (refused, [])


@pytest.mark.parametrize(("plan", "seconds"), [("free", 1), ("pro", 0.1), ("business", 1 / 30)])
def test_requests_are_spaced_at_half_of_the_plan(plan: Plan, seconds: float):
    clock = FrozenClock(NOW)
    pace = Pace(Plan(plan), clock)
    for _ in range(11):
        pace.wait(Label.MEDIUM)
    assert clock.now() - NOW == pytest.approx(
        timedelta(seconds=10 * seconds), abs=timedelta(milliseconds=1)
    )


def test_labels_have_rates_of_their_own():
    clock = FrozenClock(NOW)
    pace = Pace(Plan.FREE, clock)
    pace.wait(Label.MEDIUM)
    pace.wait(Label.LIGHT)
    assert clock.slept == []


def test_a_clock_that_is_put_back_does_not_stop_us():
    clock = FrozenClock(NOW)
    pace = Pace(Plan.FREE, clock)
    pace.wait(Label.MEDIUM)
    clock.move_to(NOW - timedelta(hours=1))
    pace.wait(Label.MEDIUM)
    assert clock.slept == []
