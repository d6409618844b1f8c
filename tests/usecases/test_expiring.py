"""What a source deletes by itself: remembered, processed first, and named by ``source check``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from zoomauto.domain.job_change import JobChange
from zoomauto.domain.source import Check, Window
from zoomauto.testing.source import FakeSource
from zoomauto.usecases.edit_jobs import UpdateJob
from zoomauto.usecases.edit_sources import CheckSource
from zoomauto.usecases.edit_templates import TemplateChange, UpdateTemplate

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def record(world: World, key: str, *, expires_in: timedelta | None, hours_ago: int = 2) -> None:
    """Have the source say when it deletes a recording that it lists."""
    listed = world.record(key, ago=timedelta(hours=hours_ago))
    recordings = world.sources["Zoom"].recordings
    expires_at = None if expires_in is None else NOON + expires_in
    recordings[recordings.index(listed)] = replace(listed, expires_at=expires_at)


def checked(world: World) -> list[str]:
    check = CheckSource(store=world.store, clock=world.clock, adapters=world.adapters)
    return [found.detail for found in check(OWNER, "Zoom") if found.name == "soon lost"]


def update_job(world: World, **change: object) -> None:
    update = UpdateJob(store=world.store, clock=world.clock, adapters=world.adapters)
    update(OWNER, "Daily", JobChange(**change))  # type: ignore[arg-type]  # any field of it


def test_when_a_recording_is_deleted_is_kept_current(world: World):
    found = []
    for expires_in in (None, 9 * DAY, 2 * DAY, None):
        record(world, "a.mp4", expires_in=expires_in)
        world.run()
        found.append((world.recording().expires_at, str(world.recording().status)))
    assert found == [
        (None, "UPLOADED"),
        (NOON + 9 * DAY, "UPLOADED"),
        (NOON + 2 * DAY, "UPLOADED"),
        (None, "UPLOADED"),
    ]


def test_what_is_deleted_soonest_is_processed_first_and_then_the_oldest(world: World):
    days = {"never": None, "late": 20 * DAY, "soon": DAY, "old": None}
    for hours, (key, until) in enumerate(days.items(), start=2):
        record(world, key, expires_in=until, hours_ago=hours)
    world.run()
    assert world.sources["Zoom"].fetched == ["soon", "late", "old", "never"]


def test_a_check_names_what_is_soon_lost_because_no_active_job_takes_it(world: World):
    for key, until in {"in-time": 8 * DAY, "second": 6 * DAY, "first": 3 * DAY}.items():
        record(world, key, expires_in=until)
    world.sync_source(world.source(), Window(start_at=NOON - DAY, end_at=NOON))
    named = (
        "no active job takes 2 that go within 7 days:"
        f" {world.recording('first').id} 'Lecture' on 2026-03-13,"
        f" {world.recording('second').id} 'Lecture' on 2026-03-16"
    )
    assert checked(world) == [named]


def test_what_a_job_has_taken_is_soon_lost_once_the_job_is_switched_off(world: World):
    record(world, "a.mp4", expires_in=3 * DAY)
    world.download.failures = [OSError("broken")]
    world.run()
    assert checked(world) == []
    update_job(world, is_active=False)
    assert len(checked(world)) == 1


class Checked(FakeSource):
    """A source that says what its trash needs, and how to mend it."""

    def check_trash(self) -> tuple[Check, ...]:
        return (Check(name="trash", ok=False, detail="zoomauto source update NAME --option a=b"),)


def test_a_check_looks_at_the_trash_once_a_template_asks_for_it(world: World):
    world.sources["Zoom"] = Checked()
    world.add_source("Other")
    check = CheckSource(store=world.store, clock=world.clock, adapters=world.adapters)
    update = UpdateTemplate(store=world.store, adapters=world.adapters, clock=world.clock)

    def details() -> list[str]:
        return [found.detail for found in check(OWNER, "Zoom") if found.name == "trash"]

    assert details() == []
    update(OWNER, "Lectures", TemplateChange(delete_from_source="trash"))
    assert details() == ["zoomauto source update Zoom --option a=b"]
    update(OWNER, "Lectures", TemplateChange(sources=("Other",)))
    assert details() == []


def test_what_was_published_is_not_lost(world: World):
    record(world, "a.mp4", expires_in=3 * DAY)
    world.run()
    update_job(world, is_active=False)
    assert checked(world) == []
