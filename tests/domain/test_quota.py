"""What an owner may have."""

from datetime import timedelta

import pytest

from zoomauto.domain.quota import Quota, check_interval, check_job_count
from zoomauto.errors import QuotaExceeded

HOUR = timedelta(hours=1)


def test_the_defaults_are_five_jobs_and_one_hour():
    assert Quota() == Quota(max_jobs=5, min_interval=HOUR)


@pytest.mark.parametrize(("limit", "jobs"), [(5, 5), (5, 1), (None, 10_000), (0, 0)])
def test_as_many_jobs_as_the_limit_are_allowed(limit: int | None, jobs: int):
    check_job_count(Quota(max_jobs=limit), owner="ann", jobs_after=jobs)


def test_one_job_more_is_refused_with_limit_wish_and_command():
    with pytest.raises(QuotaExceeded) as caught:
        check_job_count(Quota(), owner="ann", jobs_after=6)

    assert caught.value.message == "ann may have 5 jobs and this would be number 6"
    assert caught.value.hint == "zoomauto quota set --max-jobs 6"
    assert caught.value.data == {"limit": 5, "asked": 6}


@pytest.mark.parametrize(
    ("limit", "interval"), [(HOUR, HOUR), (None, timedelta(minutes=1)), (timedelta(), timedelta())]
)
def test_an_interval_as_long_as_the_limit_is_allowed(limit: timedelta | None, interval: timedelta):
    check_interval(Quota(min_interval=limit), owner="ann", interval=interval)


def test_a_shorter_interval_is_refused_with_limit_wish_and_command():
    with pytest.raises(QuotaExceeded) as caught:
        check_interval(Quota(), owner="ann", interval=timedelta(minutes=15))

    assert caught.value.message == (
        "the schedule starts every 0.25 hours at its closest and ann may go down to 1"
    )
    assert caught.value.hint == "zoomauto quota set --min-interval-hours 0.25"
    assert caught.value.data == {"limit": 3600.0, "asked": 900.0}


@pytest.mark.parametrize("minutes", range(1, 60))
def test_the_command_in_the_hint_lets_the_schedule_pass(minutes: int):
    interval = timedelta(minutes=minutes)
    with pytest.raises(QuotaExceeded) as caught:
        check_interval(Quota(), owner="ann", interval=interval)

    assert caught.value.hint
    hours = float(caught.value.hint.rpartition(" ")[2])
    check_interval(Quota(min_interval=timedelta(hours=hours)), owner="ann", interval=interval)
