"""What a run would do, without doing any of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zoomauto.domain.job_change import JobChange
from zoomauto.domain.run import Counts, PreviewItem, PreviewReport, SourceReport
from zoomauto.errors import ConfigurationError, PermanentError, Unreachable
from zoomauto.storage.store import open_store
from zoomauto.usecases.edit_jobs import UpdateJob
from zoomauto.usecases.edit_templates import TemplateChange, UpdateTemplate
from zoomauto.usecases.run_job import RunRequest

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STAGES = {
    "download": "run",
    "trim": "run",
    "transcription": "not available: it is not installed",
    "subtitles": "not available: there is no transcript",
    "topics": "not available: there is no transcript",
    "upload": "run",
}


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def preview(world: World, *, sync: bool = True) -> PreviewReport:
    """Look through a database that is opened for reading only; nothing may change."""
    writable = world.store
    writable.close()
    before = tree(world.root)
    world.store = open_store(f"sqlite:///{world.root}/zoomauto.db", read_only=True)
    try:
        report = world.preview_run(RunRequest(owner=OWNER, job="Daily", sync=sync))
    finally:
        world.store.close()
        world.store = writable
    assert tree(world.root) == before
    return report


def test_a_new_recording_is_shown_with_its_plan_and_nothing_is_written(world: World):
    world.record(content=b"f" * 1_000_000_000)

    report = preview(world)

    assert report == PreviewReport(
        job_id=world.job().id,
        job_name="Daily",
        would_process=(
            PreviewItem(
                recording_id=None,
                name="Lecture",
                action="NEW",
                reason="matches template 'Lectures'",
                template="Lectures",
                stages=STAGES,
                download_bytes=1_000_000_000,
                estimated_time=timedelta(seconds=165.5),
                stage_times={
                    "download": timedelta(seconds=80),
                    "trim": timedelta(seconds=5.5),
                    "upload": timedelta(seconds=80),
                },
            ),
        ),
        skipped=(),
        sources=(SourceReport(name="Zoom", status="success", found=1, new=1),),
        recordings=Counts(found=1, matched=1),
    )
    assert (world.recordings(), world.history()) == ([], [])
    assert world.source().listed_until is None


def test_a_run_after_the_preview_does_what_it_said(world: World):
    world.record("a.mp4", name="A", ago=timedelta(hours=3))
    world.record("b.mp4", name="B", duration=timedelta(seconds=3))

    foreseen = preview(world)
    report = world.run()

    assert [item.name for item in foreseen.would_process] == [item.name for item in report.items]
    assert foreseen.recordings == Counts(found=2, matched=1, skipped=1)
    assert report.recordings == Counts(found=2, matched=1, skipped=1, processed=1)


def test_a_begun_recording_is_resumed_at_the_stage_where_it_stopped(world: World):
    world.record()
    world.upload.failures = [Unreachable("down")]
    world.run()

    (item,) = preview(world).would_process

    assert (item.action, item.reason) == ("RESUME", "failed at upload: down")
    assert (item.recording_id, item.download_bytes) == (world.recording().id, 0)
    assert item.stages["download"] == "done"
    assert item.stages["upload"] == "run"


def test_a_killed_recording_is_resumed(world: World):
    world.record()
    world.trim.failures = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        world.run()

    (item,) = preview(world).would_process

    assert (item.action, item.reason) == ("RESUME", "left at PROCESSING")


def test_a_changed_recording_is_shown_as_it_would_stand(world: World):
    world.record()
    world.upload.failures = [PermanentError("refused")]
    world.run()
    world.record(content=b"another film")

    report = preview(world)

    (item,) = report.would_process
    assert (item.action, item.reason) == ("UPDATED", "changed at the source")
    assert (item.download_bytes, item.stages["download"]) == (12, "run")
    assert report.sources == (SourceReport(name="Zoom", status="success", found=1, updated=1),)


def test_what_is_left_out_is_listed_with_the_reason(world: World):
    update = UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)
    update(OWNER, "Lectures", TemplateChange(keywords=("lecture",)))
    world.record("done.mp4", name="Lecture 1", ago=timedelta(hours=5))
    world.record("parked.mp4", name="Lecture 2", ago=timedelta(hours=4))
    world.upload.late_failures = []
    world.trim.failures = []
    world.run()
    world.record("parked.mp4", name="Lecture 2", content=b"other")
    world.record("blank.mp4", name="Lecture 3", duration=timedelta(seconds=2))
    world.record("pending.mp4", name="Lecture 4", pending="still being converted")
    world.record("party.mp4", name="Party")

    report = preview(world)

    assert {(item.name, item.action, item.reason) for item in report.skipped} == {
        ("Lecture 1", "SKIP", "UPLOADED; the job takes INITIALIZED"),
        ("Lecture 2", "SKIP", "UPLOADED; the job takes INITIALIZED"),
        ("Lecture 3", "SKIP", "blank: shorter than 60 s (2 s)"),
        ("Lecture 4", "SKIP", "still being converted"),
        ("Party", "SKIP", "no template matches"),
    }
    assert report.recordings == Counts(found=5, unmatched=1, skipped=4)


@pytest.mark.parametrize(
    ("setting", "reason", "counts"),
    [
        ("auto_upload", "the config foresees nothing more", Counts(found=1, skipped=1)),
        ("auto_process", "auto_process is off", Counts(found=1, matched=1)),
    ],
)
def test_what_needs_no_work_is_left_out(world: World, setting: str, reason: str, counts: Counts):
    update = UpdateJob(store=world.store, clock=world.clock, adapters=world.adapters)
    update(OWNER, "Daily", JobChange(settings={setting: "false"}))
    world.record()
    world.run()

    report = preview(world)

    assert [(item.action, item.reason) for item in report.skipped] == [("SKIP", reason)]
    assert (report.would_process, report.recordings) == ((), counts)


def test_a_failing_source_is_told_and_what_it_listed_counts(world: World):
    world.record()
    world.sources["Zoom"].fails_with = Unreachable("down")

    report = preview(world)

    assert [(s.status, s.found, s.error) for s in report.sources] == [("failed", 1, "down")]
    assert len(report.would_process) == 1


def test_without_sync_no_source_is_asked(world: World):
    world.record()

    report = preview(world, sync=False)

    assert report.sources == (SourceReport(name="Zoom", status="skipped"),)
    assert world.sources["Zoom"].windows == []


def test_a_job_that_can_do_nothing_is_refused(world: World):
    update = UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)
    update(OWNER, "Lectures", TemplateChange(is_draft=True))

    with pytest.raises(ConfigurationError, match="no active template"):
        preview(world)
