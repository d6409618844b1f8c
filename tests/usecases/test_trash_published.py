"""What goes from a source into its trash once it is published, and what never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.deletion import Deletion, DeletionAction, Trashed
from zoomauto.domain.lease import Holder, lease
from zoomauto.domain.run import RunReport, RunStatus
from zoomauto.errors import AuthenticationError, InvalidTemplate, Unreachable, UsageError
from zoomauto.testing.source import FakeSource
from zoomauto.usecases.edit_recordings import RecordingView, ShowRecording
from zoomauto.usecases.edit_templates import TemplateChange, UpdateTemplate
from zoomauto.usecases.run_job import RunRequest
from zoomauto.usecases.undelete_recording import UndeleteRecording

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GONE_NOW = Trashed(recording_id=1, name="Lecture", source="Zoom", outcome="done")


def update_template(world: World, **change: Any) -> None:
    UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Lectures", TemplateChange(**change)
    )


def history(world: World, recording_id: int = 1) -> list[tuple[str, int | None, str | None]]:
    with world.store.reading() as tx:
        return [(str(d.action), d.run_id, d.outcome) for d in tx.deletions.of(recording_id)]


def undelete(world: World) -> RecordingView:
    use_case = UndeleteRecording(store=world.store, clock=world.clock, adapters=world.adapters)
    return use_case(OWNER, 1)


def shown(world: World) -> RecordingView:
    return ShowRecording(store=world.store)(OWNER, 1)


def preview(world: World) -> tuple[Trashed, ...]:
    return world.preview_run(RunRequest(owner=OWNER, job="Daily")).would_trash


@pytest.fixture
def published(world: World) -> World:
    """A recording was published at noon; its template asks for the trash after 7 days."""
    update_template(world, delete_from_source="trash")
    world.record()
    world.run()
    return world


def after(world: World, span: timedelta) -> RunReport:
    world.clock.move_to(NOON + span)
    return world.run()


def test_nothing_is_trashed_unless_a_template_asks_for_it(world: World):
    world.record()
    world.run()

    report = after(world, 400 * DAY)

    assert (report.trashed, report.run.exit_code) == ((), 0)
    assert world.sources["Zoom"].trashed == {}


def test_what_is_published_everywhere_is_trashed_once_the_grace_days_are_over(published: World):
    early = after(published, 7 * DAY - timedelta(seconds=1))
    due = after(published, 7 * DAY)
    later = after(published, 8 * DAY)

    assert [report.trashed for report in (early, due, later)] == [(), (GONE_NOW,), ()]
    assert list(published.sources["Zoom"].trashed) == ["a.mp4"]
    assert history(published) == [("trash", due.run.id, "done")]
    assert due.run.status is RunStatus.SUCCESS
    assert published.statuses() == {"a.mp4": "UPLOADED"}
    assert shown(published).trashed_at == NOON + 7 * DAY


def test_the_run_tells_it_in_its_history(published: World):
    after(published, 7 * DAY)

    assert published.history()[-1].report["trashed"] == [
        {"recording_id": 1, "name": "Lecture", "source": "Zoom", "outcome": "done"}
    ]


def test_the_grace_days_are_the_templates(published: World):
    update_template(published, grace_days=0)

    assert published.run().trashed == (GONE_NOW,)


def test_a_dry_run_says_what_would_be_trashed_and_does_nothing(published: World):
    published.clock.move_to(NOON + 7 * DAY)

    assert preview(published) == (replace(GONE_NOW, outcome=None),)
    assert published.sources["Zoom"].trashed == {}
    assert history(published) == []


def test_what_a_destination_no_longer_holds_stays_at_its_source(published: World):
    published.destination.objects.clear()

    report = after(published, 7 * DAY)

    assert (report.trashed, report.run.exit_code) == ((), 3)
    assert report.problems == (
        "recording 1 (Lecture) stays at its source: fake:/out does not hold Lecture.mp4 any more",
    )
    assert history(published) == []


def test_what_is_not_yet_at_a_new_destination_stays_at_its_source(published: World):
    update_template(published, destinations=("fake:/out", "fake:/archive"))

    assert after(published, 7 * DAY).trashed == ()
    assert published.sources["Zoom"].trashed == {}


def test_a_template_that_lost_its_destinations_cannot_ask_for_it(published: World):
    with pytest.raises(InvalidTemplate, match="publishes nothing"):
        update_template(published, destinations=())


def test_what_has_got_other_bytes_since_stays_at_its_source(published: World):
    published.record(content=b"a longer film")

    report = after(published, 7 * DAY)

    assert (report.trashed, history(published)) == ((), [])
    assert published.sources["Zoom"].trashed == {}


def test_other_bytes_that_the_listing_brought_are_not_published_yet_either(published: World):
    update_template(published, grace_days=0)
    published.record(content=b"a longer film")

    report = published.run()

    assert report.sources[0].updated == 1
    assert (report.trashed, published.sources["Zoom"].trashed) == ((), {})


def test_a_listing_that_failed_leaves_everything_at_that_source(published: World):
    published.sources["Zoom"].fails_with = Unreachable("no network")

    assert after(published, 7 * DAY).trashed == ()
    assert published.sources["Zoom"].trashed == {}


def test_a_blank_recording_is_never_trashed_even_when_it_was_published(world: World):
    update_template(world, delete_from_source="trash", grace_days=0)
    world.add_job("All", exclude_blank=False)
    world.record(duration=timedelta(seconds=10))
    world.run("All")

    report = world.run("All")

    assert world.statuses() == {"a.mp4": "UPLOADED"}
    assert (report.trashed, world.sources["Zoom"].trashed) == ((), {})


def test_a_source_without_a_trash_is_named_as_a_problem(published: World):
    class OnlySource:
        """Lists and fetches, and has no trash."""

        def __init__(self, inner: FakeSource) -> None:
            for name in (
                "list_recordings",
                "find",
                "measure",
                "fetch",
                "check",
                "late_by",
                "texts_late_by",
            ):
                setattr(self, name, getattr(inner, name))

    published.sources["Zoom"] = OnlySource(published.sources["Zoom"])  # type: ignore[assignment]

    report = after(published, 7 * DAY)

    assert report.problems == ("source 'Zoom' has no trash: nothing is deleted there",)
    assert report.trashed == ()


def test_the_first_refusal_ends_the_requests_and_the_next_run_tries_again(world: World):
    update_template(world, delete_from_source="trash", grace_days=0)
    world.record()
    world.record("b.mp4", content=b"other", name="Other")
    world.sources["Zoom"].trash_failures = [AuthenticationError("a scope is missing")]

    refused = world.run()
    again = world.run()

    assert [trashed.outcome for trashed in refused.trashed] == ["failed: a scope is missing"]
    assert refused.problems == ("recording 1 (Lecture): not trashed: failed: a scope is missing",)
    assert refused.run.exit_code == 3
    assert [trashed.recording_id for trashed in again.trashed] == [1, 2]
    assert [outcome for _, _, outcome in history(world)] == ["failed: a scope is missing", "done"]


def test_a_lost_answer_is_understood_the_next_time(published: World):
    published.sources["Zoom"].lost_answers = [Unreachable("connection reset")]

    lost = after(published, 7 * DAY)
    heard = after(published, 8 * DAY)

    assert [trashed.outcome for trashed in lost.trashed] == ["unknown: connection reset"]
    assert heard.trashed == (GONE_NOW,)


def test_a_request_is_written_down_before_it_is_made(published: World):
    source = published.sources["Zoom"]
    source.trash_failures = [KeyboardInterrupt()]  # type: ignore[list-item]

    with pytest.raises(KeyboardInterrupt):
        after(published, 7 * DAY)

    assert history(published) == [("trash", 2, None)]
    assert after(published, 8 * DAY).trashed == (GONE_NOW,)


def test_what_the_source_has_lost_by_itself_is_not_said_to_lie_in_its_trash(published: World):
    published.sources["Zoom"].recordings.clear()

    report = after(published, 7 * DAY)

    assert [trashed.outcome for trashed in report.trashed] == ["gone"]
    assert shown(published).trashed_at is None
    assert after(published, 8 * DAY).trashed == ()


def test_while_another_process_asks_a_source_to_delete_we_do_not(published: World):
    published.clock.move_to(NOON + 7 * DAY)
    other = Holder(host="other", realm="boot-2", pid=7, pid_started="7")
    with published.store.writing() as tx:
        tx.leases.put(lease("trash:1", other, now=published.clock.now()))

    assert published.run().trashed == ()
    assert published.sources["Zoom"].trashed == {}


def test_an_undeleted_recording_is_back_and_no_run_trashes_it_again(published: World):
    after(published, 7 * DAY)

    view = undelete(published)

    assert (view.recording.status, view.trashed_at) == ("UPLOADED", None)
    assert [r.key for r in published.sources["Zoom"].recordings] == ["a.mp4"]
    assert history(published)[1:] == [("recover", None, "done")]
    assert after(published, 30 * DAY).trashed == ()


def test_only_what_a_run_has_trashed_can_be_undeleted(published: World):
    with pytest.raises(UsageError, match="no run has put recording 1 into the trash"):
        undelete(published)
    assert history(published) == []


def test_an_undeletion_that_fails_is_written_down_as_that(published: World):
    after(published, 7 * DAY)
    published.sources["Zoom"].trash_failures = [AuthenticationError("a scope is missing")]

    with pytest.raises(AuthenticationError):
        undelete(published)

    assert history(published)[-1] == ("recover", None, "failed: a scope is missing")
    assert shown(published).trashed_at == NOON + 7 * DAY


def test_the_audit_outlives_the_source(published: World):
    after(published, 7 * DAY)

    with published.store.writing() as tx:
        tx.sources.remove(1)
        (kept,) = tx.deletions.of(1)

    assert kept == Deletion(
        id=1,
        recording_id=1,
        source_id=1,
        key="a.mp4",
        action=DeletionAction.TRASH,
        at=NOON + 7 * DAY,
        run_id=2,
        outcome="done",
    )
