"""Creating, changing, copying and deleting jobs, quotas included."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.job import JobSpec
from zoomauto.domain.job_change import JobChange
from zoomauto.domain.quota import Quota
from zoomauto.domain.schedule import CronSchedule, EveryHours, TimeOfDay
from zoomauto.errors import (
    AlreadyExists,
    Ambiguous,
    InvalidOptions,
    NotFound,
    QuotaExceeded,
    UsageError,
    ZoomautoError,
)
from zoomauto.usecases.edit_jobs import (
    CopyJob,
    CreateJob,
    DeleteJob,
    JobView,
    ListJobs,
    ShowJob,
    UpdateJob,
)
from zoomauto.usecases.edit_quotas import QuotaChange, QuotaView, SetQuota, ShowQuota

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.usecases.conftest import World

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SIX = TimeOfDay(time=time(6), timezone="UTC")
EVERY_30_MINUTES = CronSchedule(expression="*/30 * * * *", timezone="UTC")


@dataclass(frozen=True)
class Jobs:
    """The use cases of jobs, for one owner."""

    world: World

    def create(self, name: str, owner: str = OWNER, **change: Any) -> JobView:
        given = {"templates": ("Lectures",), "schedule": SIX, **change}
        return CreateJob(**self._parts)(owner, JobChange(name=name, **given))

    def update(self, reference: str, **change: Any) -> JobView:
        return UpdateJob(**self._parts)(OWNER, reference, JobChange(**change))

    def copy(self, reference: str, **change: Any) -> JobView:
        return CopyJob(**self._parts)(OWNER, reference, JobChange(**change))

    def allow(self, **change: Any) -> QuotaView:
        return SetQuota(store=self.world.store)(OWNER, QuotaChange(**change))

    @property
    def _parts(self) -> dict[str, Any]:
        world = self.world
        return {"store": world.store, "clock": world.clock, "adapters": world.adapters}


@pytest.fixture
def jobs(world: World) -> Jobs:
    """The world has one job already."""
    return Jobs(world)


def test_a_job_is_saved_as_it_was_asked_for(jobs: Jobs, world: World):
    view = jobs.create(
        "Evening Sync!",
        description="words",
        schedule=EveryHours(hours=5, timezone="UTC"),
        sync_days=7,
        statuses=("failed",),
        exclude_blank=False,
        settings={"trim.level": "3", "auto_upload": "no"},
    )

    with world.store.reading() as tx:
        (template,) = tx.templates.list(OWNER)
    assert view.job.spec == JobSpec(
        name="Evening Sync!",
        description="words",
        template_ids=(template.id,),
        schedule=EveryHours(hours=5, timezone="UTC"),
        sync_days=7,
        statuses=("FAILED",),  # type: ignore[arg-type]  # equal to its text
        exclude_blank=False,
        processing_config={"auto_upload": False, "trim": {"level": 3}},
    )
    assert (view.job.slug, view.job.effective_from) == ("evening-sync", NOON)
    assert (view.cron, view.next_run_at) == ("0 */5 * * *", NOON + timedelta(hours=3))
    assert view.warnings
    shown = ShowJob(store=world.store, clock=world.clock)(OWNER, "evening-sync")
    assert shown == replace(view, templates=("Lectures",))


def test_slugs_are_made_unique_and_fixed(jobs: Jobs):
    assert jobs.create("daily?").job.slug == "daily-2"
    number = jobs.create("日報").job.id
    assert jobs.update(f"id:{number}", name="Report").job.slug == f"job-{number}"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "Daily"}, AlreadyExists),
        ({"name": "  "}, UsageError),
        ({"name": "X", "templates": ("Nothing",)}, NotFound),
        ({"name": "X", "templates": ()}, UsageError),
        ({"name": "X", "schedule": None}, UsageError),
        ({"name": "X", "sync_days": 31}, UsageError),
        ({"name": "X", "settings": {"trimm.level": "3"}}, InvalidOptions),
        ({"name": "X", "settings": {"trim.levle": "3"}}, InvalidOptions),
        ({"name": "X", "settings": {"trim.level": "high"}}, InvalidOptions),
    ],
)
def test_what_is_unusable_is_refused_and_nothing_is_saved(
    jobs: Jobs, world: World, change: dict[str, Any], error: type[ZoomautoError]
):
    with pytest.raises(error):
        jobs.create(**change)

    assert [job.name for job in list_jobs(world)] == ["Daily"]


def list_jobs(world: World) -> list[Any]:
    return [view.job for view in ListJobs(store=world.store, clock=world.clock)(OWNER)]


def test_a_reference_that_fits_two_jobs_is_refused(jobs: Jobs):
    jobs.create("1")

    with pytest.raises(Ambiguous, match=r"id:1 \(Daily\), id:2 \(1\)"):
        jobs.update("1", description="x")
    assert jobs.update("name:1", description="x").job.id == 2


def test_an_update_leaves_the_rest_as_it_is(jobs: Jobs, world: World):
    before = world.job()
    world.clock.move_to(NOON + timedelta(hours=1))

    after = jobs.update("daily", description="new").job

    assert after == replace(
        before,
        spec=replace(before.spec, description="new"),
        updated_at=NOON + timedelta(hours=1),
    )


@pytest.mark.parametrize(
    "change", [{"schedule": replace(SIX, timezone="Europe/Berlin")}, {"is_active": True}]
)
def test_only_a_new_schedule_or_enabling_counts_from_now_on(
    jobs: Jobs, world: World, change: dict[str, Any]
):
    jobs.update("Daily", is_active=False)
    world.clock.move_to(NOON + timedelta(hours=1))

    assert jobs.update("Daily", **change).job.effective_from == NOON + timedelta(hours=1)


def test_a_disabled_job_has_no_next_run(jobs: Jobs):
    assert jobs.update("Daily", is_active=False).next_run_at is None


def test_a_copy_starts_a_history_of_its_own(jobs: Jobs, world: World):
    world.run()
    world.clock.move_to(NOON + timedelta(hours=1))

    copy = jobs.copy("Daily", name="Copy", sync_days=9).job

    assert copy.spec == replace(world.job().spec, name="Copy", sync_days=9)
    assert (copy.slug, copy.run_count, copy.effective_from) == (
        "copy",
        0,
        NOON + timedelta(hours=1),
    )


def test_a_deleted_job_leaves_its_history(world: World):
    world.run()

    deleted = DeleteJob(store=world.store)(OWNER, "Daily")

    assert (deleted.name, list_jobs(world)) == ("Daily", [])
    assert [(run.job_id, run.job_name) for run in world.history()] == [(None, "Daily")]


def test_the_number_of_jobs_is_limited_and_the_refusal_says_how_to_raise_it(jobs: Jobs):
    for number in range(2, 6):
        jobs.create(f"Job {number}")

    attempts: list[Callable[[], JobView]] = [
        lambda: jobs.create("Job 6"),
        lambda: jobs.copy("Daily", name="Job 6"),
    ]
    for refused in attempts:
        with pytest.raises(QuotaExceeded) as caught:
            refused()
        assert caught.value.exit_code == 2
        assert caught.value.message == "ann may have 5 jobs and this would be number 6"
        assert caught.value.hint == "zoomauto quota set --max-jobs 6"

    jobs.allow(has_max_jobs=True, max_jobs=6)
    assert jobs.create("Job 6").job.name == "Job 6"


def test_owners_do_not_count_for_each_other(jobs: Jobs, world: World):
    jobs.allow(has_max_jobs=True, max_jobs=1)
    with world.store.writing() as tx:
        (template,) = tx.templates.list(OWNER)
        tx.templates.add(replace(template, owner="bob"))

    assert jobs.create("Daily", owner="bob").job.slug == "daily"


def test_the_interval_is_limited_on_create_copy_and_change(jobs: Jobs):
    attempts: list[Callable[[], JobView]] = [
        lambda: jobs.create("Often", schedule=EVERY_30_MINUTES),
        lambda: jobs.copy("Daily", name="Often", schedule=EVERY_30_MINUTES),
        lambda: jobs.update("Daily", schedule=EVERY_30_MINUTES),
    ]
    for refused in attempts:
        with pytest.raises(QuotaExceeded) as caught:
            refused()
        assert caught.value.hint == "zoomauto quota set --min-interval-hours 0.5"

    jobs.allow(has_min_interval=True, min_interval=None)
    assert jobs.update("Daily", schedule=EVERY_30_MINUTES).cron == "*/30 * * * *"


def test_enabling_is_checked_too_and_other_changes_are_not(jobs: Jobs):
    jobs.allow(has_min_interval=True, min_interval=None)
    jobs.update("Daily", schedule=EVERY_30_MINUTES, is_active=False)
    jobs.allow(has_min_interval=True, min_interval=timedelta(hours=1))

    jobs.update("Daily", description="still allowed")
    with pytest.raises(QuotaExceeded):
        jobs.update("Daily", is_active=True)


def test_two_creates_at_once_cannot_both_take_the_last_place(jobs: Jobs, world: World):
    jobs.allow(has_max_jobs=True, max_jobs=2)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def create(name: str) -> None:
        barrier.wait()
        try:
            outcomes.append(jobs.create(name).job.name)
        except QuotaExceeded:
            outcomes.append("refused")

    threads = [threading.Thread(target=create, args=(name,)) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("refused") == 1
    assert len(list_jobs(world)) == 2


def test_a_quota_is_shown_with_what_is_used(jobs: Jobs, world: World):
    show = ShowQuota(store=world.store)
    assert show(OWNER) == QuotaView(
        owner=OWNER, quota=Quota(max_jobs=5, min_interval=timedelta(hours=1)), jobs=1
    )

    jobs.allow(has_max_jobs=True, max_jobs=None)

    assert show(OWNER).quota == Quota(max_jobs=None, min_interval=timedelta(hours=1))


@pytest.mark.parametrize(
    "change",
    [
        {"has_max_jobs": True, "max_jobs": -1},
        {"has_min_interval": True, "min_interval": timedelta(hours=-1)},
    ],
)
def test_a_limit_below_zero_is_refused(jobs: Jobs, change: dict[str, Any]):
    with pytest.raises(UsageError, match="must be 0 or more"):
        jobs.allow(**change)
