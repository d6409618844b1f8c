"""What a listing makes of the recordings we know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.recording import ListedRecording, RecordingChange, RecordingStatus
from zoomauto.domain.run import SourceReport
from zoomauto.domain.source import Window
from zoomauto.errors import (
    AuthenticationError,
    IncompleteListing,
    PermanentError,
    StoreBusy,
    TemporaryError,
    Unreachable,
)
from zoomauto.testing.source import FakeSource
from zoomauto.usecases import sync_source

if TYPE_CHECKING:
    from tests.usecases.conftest import World
    from zoomauto.ports.source import IsKnown
    from zoomauto.ports.store import Store

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
WINDOW = Window(start_at=NOON - timedelta(days=2), end_at=NOON + timedelta(days=1))


def sync(world: World) -> SourceReport:
    return world.sync_source(world.source(), WINDOW)


def write(world: World, key: str, **values: Any) -> None:
    change = RecordingChange(recording_id=world.recording(key).id, values=values)
    with world.store.writing() as tx:
        tx.recordings.update_many([change], now=world.clock.now())


def test_new_changed_and_known_recordings_are_told_apart(world: World):
    world.record("same.mp4")
    world.record("changed.mp4")
    sync(world)
    world.record("changed.mp4", content=b"longer film")
    world.record("new.mp4")

    report = sync(world)

    assert report == SourceReport(name="Zoom", status="success", found=3, new=1, updated=1)
    assert world.statuses() == dict.fromkeys(("same.mp4", "changed.mp4", "new.mp4"), "INITIALIZED")
    assert world.recording("changed.mp4").files[0].size_bytes == len(b"longer film")


def test_what_a_source_knows_by_its_mark_is_counted_and_not_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    def list_changed(window: Window, is_known: IsKnown) -> Iterator[ListedRecording | str]:
        for listed in world.sources["Zoom"].list_recordings(window):
            mark = listed.fingerprint
            yield listed.key if is_known(listed.key, mark) else replace(listed, mark=mark)

    monkeypatch.setattr(FakeSource, "list_changed", staticmethod(list_changed), raising=False)
    for name in ("same.mp4", "changed.mp4"):
        world.record(name)
    sync(world)
    world.record("changed.mp4", content=b"longer film")
    seen: list[str] = []

    report = world.sync_source.look(
        world.source(), WINDOW, record=lambda batch: seen.extend(f.listed.key for f in batch)
    )

    assert (report.found, report.updated, seen) == (2, 1, ["changed.mp4"])


def test_a_listing_of_many_is_stored_in_batches(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sync_source, "BATCH", 2)
    for number in range(5):
        world.record(f"{number}.mp4")

    assert sync(world).new == 5
    assert len(world.recordings()) == 5
    (step,) = world.progress.steps
    assert (step.label, step.done) == ("listing Zoom", 5)


def test_syncing_alone_never_moves_the_watermark(world: World):
    sync(world)

    assert world.source().listed_until is None


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (IncompleteListing("page 2"), "incomplete_listing", "page 2"),
        (AuthenticationError("refused"), "authentication", "refused"),
        (Unreachable("down"), "unreachable", "down"),
        (ZeroDivisionError("oops \x00"), "bug", "ZeroDivisionError('oops \\x00')"),
    ],
)
def test_what_was_listed_before_a_failure_is_stored(
    world: World, error: Exception, code: str, words: str
):
    world.record()
    world.sources["Zoom"].fails_with = error

    report = sync(world)

    assert report == SourceReport(
        name="Zoom", status="failed", found=1, new=1, error=words, error_code=code
    )
    assert world.statuses() == {"a.mp4": "INITIALIZED"}


def test_a_time_without_zone_is_the_sources_failure(world: World):
    listed = world.record()
    naive = replace(listed, start_at=listed.start_at.replace(tzinfo=None))

    def list_recordings(window: Window) -> Iterator[ListedRecording]:
        yield naive

    world.sources["Zoom"].list_recordings = list_recordings  # type: ignore[method-assign]  # a bug

    assert sync(world).error == "ValueError('2026-03-10T10:00:00 has no time zone')"


def test_a_name_the_database_cannot_keep_is_the_sources_failure(world: World):
    world.record(name="half a pair: \ud83d")

    report = sync(world)

    assert (report.status, report.error_code, report.found) == ("failed", "usage", 0)


def test_the_stores_failure_is_not_the_sources(world: World, monkeypatch: pytest.MonkeyPatch):
    class BusyStore:
        """A store that somebody else is writing to."""

        def __init__(self, store: Store) -> None:
            self.reading = store.reading

        def writing(self, *, owner: str | None = None) -> Any:
            raise StoreBusy("locked")

    world.record()
    busy: Any = BusyStore(world.store)

    with pytest.raises(StoreBusy):
        replace(world.sync_source, store=busy)(world.source(), WINDOW)


def test_a_silent_source_is_asked_once_for_each_new_file(world: World):
    asked: list[str] = []

    def measure(recording: ListedRecording) -> timedelta:
        asked.append(recording.key)
        return timedelta(seconds=90)

    world.sources["Zoom"].measure = measure  # type: ignore[method-assign]  # counts
    world.record("a.mp4", duration=None)
    world.record("b.mp4", duration=None, pending="growing")
    sync(world)
    sync(world)
    world.record("a.mp4", duration=None, content=b"longer")
    world.record("b.mp4", duration=None)
    sync(world)

    assert asked == ["a.mp4", "a.mp4", "b.mp4"]
    assert {r.key: r.duration for r in world.recordings()} == dict.fromkeys(
        ("a.mp4", "b.mp4"), timedelta(seconds=90)
    )


@pytest.mark.parametrize("error", [TemporaryError("busy"), ZeroDivisionError("a bug")])
def test_what_cannot_be_measured_has_no_known_length_and_harms_nothing(
    world: World, error: Exception
):
    def measure(recording: ListedRecording) -> timedelta:
        raise error

    world.sources["Zoom"].measure = measure  # type: ignore[method-assign]  # fails
    world.record("a.mp4", duration=None)
    world.record("b.mp4")

    assert sync(world) == SourceReport(name="Zoom", status="success", found=2, new=2)
    assert (world.recording().duration, world.recording().blank_reason) == (None, None)


def old_and_pending(world: World) -> None:
    world.record(pending="converting")
    sync(world)
    listed = world.record()
    old = replace(listed, start_at=NOON - timedelta(days=9))
    write(world, "a.mp4", start_at=old.start_at)
    world.sources["Zoom"].recordings = [old]


def test_what_is_pending_is_asked_for_outside_the_window(world: World):
    old_and_pending(world)

    assert sync(world) == SourceReport(name="Zoom", status="success", found=1, updated=1)
    assert world.statuses() == {"a.mp4": "INITIALIZED"}


def test_what_is_pending_and_gone_expires_and_comes_back_when_it_is_listed_again(world: World):
    old_and_pending(world)
    world.sources["Zoom"].recordings = []
    sync(world)
    assert world.statuses() == {"a.mp4": "EXPIRED"}

    write(world, "a.mp4", start_at=NOON)
    world.record()
    sync(world)

    assert world.statuses() == {"a.mp4": "INITIALIZED"}


@pytest.mark.parametrize("error", [TemporaryError("busy"), ZeroDivisionError("a bug")])
def test_an_answer_that_does_not_come_changes_nothing(world: World, error: Exception):
    old_and_pending(world)

    def find(key: str) -> None:
        raise error

    world.sources["Zoom"].find = find  # type: ignore[method-assign]  # fails

    assert sync(world) == SourceReport(name="Zoom", status="success")
    assert world.statuses() == {"a.mp4": "PENDING_SOURCE"}


@pytest.mark.parametrize(
    ("error", "asked"), [(TemporaryError("busy"), 3), (PermanentError("no"), 5)]
)
def test_a_source_that_fails_for_several_in_a_row_is_not_asked_for_the_rest(
    world: World, error: Exception, asked: int
):
    for number in range(5):
        world.record(f"{number}.mp4", pending="converting")
    sync(world)
    for number in range(5):
        write(world, f"{number}.mp4", start_at=NOON - timedelta(days=9))
    world.sources["Zoom"].recordings = []
    calls: list[str] = []

    def find(key: str) -> None:
        calls.append(key)
        raise error

    world.sources["Zoom"].find = find  # type: ignore[method-assign]  # fails

    sync(world)

    assert len(calls) == asked


def test_a_failed_source_says_what_mends_it_with_its_own_name(world: World):
    hint = "add a scope, then: zoomauto source check NAME"
    world.sources["Zoom"].fails_with = AuthenticationError("refused", hint=hint)

    assert sync(world).hint == "add a scope, then: zoomauto source check Zoom"


@pytest.mark.parametrize(
    ("error", "asked"), [(IncompleteListing("page 2"), 1), (Unreachable("down"), 0)]
)
def test_a_source_that_cannot_be_reached_is_not_asked_for_single_recordings(
    world: World, error: Exception, asked: int
):
    old_and_pending(world)
    world.sources["Zoom"].fails_with = error

    assert sync(world).updated == asked


def test_what_a_run_changed_during_a_long_listing_is_not_overwritten(world: World):
    world.record("a.mp4", pending="converting")
    sync(world)
    world.record("a.mp4", duration=None)

    def measure(recording: ListedRecording) -> timedelta:
        write(world, "a.mp4", status=RecordingStatus.UPLOADED)
        return timedelta(hours=1)

    world.sources["Zoom"].measure = measure  # type: ignore[method-assign]  # another process

    sync(world)

    assert world.statuses() == {"a.mp4": "UPLOADED"}
