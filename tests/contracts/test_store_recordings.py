"""What every store promises about recordings, their checkpoints and publications."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from zoomauto.domain.artifact import Artifact, Checkpoint, Publication
from zoomauto.domain.job import Job, JobSpec
from zoomauto.domain.recording import (
    FailureKind,
    FileKind,
    ListedRecording,
    Recording,
    RecordingChange,
    RecordingFile,
    RecordingStatus,
)
from zoomauto.domain.schedule import EveryHours
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.template import Template
from zoomauto.errors import NotFound
from zoomauto.ports.store import Transaction
from zoomauto.storage.store import SqlStore

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

LISTED = ListedRecording(
    key="2026/algebra.mp4",
    name="Algebra 🎓\nII",
    start_at=NOW,
    duration=timedelta(minutes=90, microseconds=250_000),
    files=(
        RecordingFile(
            key="a b?.mp4",
            name="half \ud83c of a pair.mp4",
            kind=FileKind.VIDEO,
            size_bytes=5_000_000_000,
            fingerprint="1-2",
            start_at=NOW,
        ),
        RecordingFile(key="chat", name="chat.txt", kind=FileKind.CHAT),
    ),
)


def a_source(tx: Transaction, *, name: str = "disk", owner: str = "anna") -> SourceConfig:
    draft = SourceConfig(
        id=0, owner=owner, name=name, type="folder", created_at=NOW, updated_at=NOW
    )
    return tx.sources.add(draft)


def a_job(tx: Transaction, name: str) -> Job:
    spec = JobSpec(name=name, schedule=EveryHours(hours=3, timezone="UTC"))
    return tx.jobs.add("anna", spec, slug=name, now=NOW)


def a_template(tx: Transaction) -> Template:
    return tx.templates.add(
        Template(id=0, owner="anna", name="all", created_at=NOW, updated_at=NOW)
    )


def saved(tx: Transaction, source: SourceConfig, *listed: ListedRecording) -> list[Recording]:
    """Save the recordings; give them as the store knows them, in the same order."""
    tx.recordings.add_many(source, listed, blank_reasons={}, now=NOW)
    known = tx.recordings.known(source.id, [item.key for item in listed])
    return [known[item.key] for item in listed]


def numbered(count: int) -> list[ListedRecording]:
    """Make recordings 0, 1, 2 ... that start an hour apart."""
    return [
        ListedRecording(key=str(n), name=str(n), start_at=NOW + n * timedelta(hours=1))
        for n in range(count)
    ]


def keys(recordings: Sequence[Recording]) -> list[str]:
    return [recording.key for recording in recordings]


def test_a_listed_recording_is_remembered_whole(store: SqlStore):
    with store.writing() as tx:
        source = a_source(tx)
        (found,) = saved(tx, source, LISTED)

    assert found == Recording(
        id=found.id,
        owner="anna",
        source_id=source.id,
        key=LISTED.key,
        name=LISTED.name,
        start_at=LISTED.start_at,
        duration=LISTED.duration,
        files=LISTED.files,
        fingerprint=LISTED.fingerprint,
        status=RecordingStatus.INITIALIZED,
        first_seen_at=NOW,
        updated_at=NOW,
    )
    with store.reading() as tx:
        assert (tx.recordings.get(found.id), tx.recordings.get(99)) == (found, None)


def test_marks_are_given_by_key_from_an_instant_on(store: SqlStore):
    first, second, third = numbered(3)
    with store.writing() as tx:
        source, other = a_source(tx), a_source(tx, name="other")
        saved(tx, source, *(replace(r, mark=f"m{r.key}") for r in (first, second)), third)
        saved(tx, other, replace(second, mark="other"))
    with store.reading() as tx:
        assert tx.recordings.marks(source.id, since=NOW) == {"0": "m0", "1": "m1"}
        assert tx.recordings.marks(source.id, since=second.start_at) == {"1": "m1"}


def test_pending_and_blank_recordings_keep_their_reasons(store: SqlStore):
    pending = replace(LISTED, key="pending", pending_reason="still uploading")
    blank = replace(LISTED, key="blank")
    with store.writing() as tx:
        source = a_source(tx)
        tx.recordings.add_many(
            source, [pending, blank], blank_reasons={"blank": "shorter than 60 s"}, now=NOW
        )
        known = tx.recordings.known(source.id, ["pending", "blank"])

    facts = {r.key: (r.status, r.pending_reason, r.blank_reason) for r in known.values()}
    assert facts == {
        "pending": (RecordingStatus.PENDING_SOURCE, "still uploading", None),
        "blank": (RecordingStatus.INITIALIZED, None, "shorter than 60 s"),
    }


def test_a_key_that_is_known_already_is_left_as_it_is(store: SqlStore):
    with store.writing() as tx:
        source = a_source(tx)
        (before,) = saved(tx, source, LISTED)

        other = replace(LISTED, key="other")
        assert saved(tx, source, replace(LISTED, name="renamed"), other)[0] == before


def test_saving_nothing_is_nothing(store: SqlStore):
    with store.writing() as tx:
        tx.recordings.add_many(a_source(tx), [], blank_reasons={}, now=NOW)
        tx.recordings.update_many([], now=NOW)

        assert list(tx.recordings.find("anna")) == []


def test_recordings_of_a_source_that_is_gone_are_refused(store: SqlStore):
    with pytest.raises(NotFound), store.writing() as tx:
        tx.recordings.add_many(replace(a_source(tx), id=99), [LISTED], blank_reasons={}, now=NOW)


def test_keys_are_known_per_source_however_many_are_asked_for(store: SqlStore):
    with store.writing() as tx:
        source, other = a_source(tx), a_source(tx, name="other")
        saved(tx, source, *numbered(3))
        saved(tx, other, *numbered(1))

        known = tx.recordings.known(source.id, [str(n) for n in range(1, 40_000)])

    assert {key: recording.source_id for key, recording in known.items()} == {
        "1": source.id,
        "2": source.id,
    }


def test_a_change_writes_the_named_fields_and_no_others(store: SqlStore):
    values = {
        "name": "Renamed",
        "start_at": LATER,
        "duration": None,
        "files": LISTED.files[:1],
        "fingerprint": "new",
        "status": RecordingStatus.FAILED,
        "pending_reason": "p",
        "blank_reason": "b",
        "failed_at_stage": "trim",
        "failure": FailureKind.TEMPORARY,
        "attempts": 2,
        "last_error": "no space",
        "first_failed_at": NOW,
        "next_attempt_at": LATER,
    }
    with store.writing() as tx:
        first, second, third = saved(
            tx, a_source(tx), LISTED, replace(LISTED, key="b"), replace(LISTED, key="c")
        )
        changes = [
            RecordingChange(recording_id=first.id, values=values),
            RecordingChange(recording_id=second.id, values={"attempts": 1}),
            RecordingChange(recording_id=second.id, values={"attempts": 5, "last_error": "x"}),
        ]
        tx.recordings.update_many(changes, now=LATER)
        after = [tx.recordings.get(r.id) for r in (first, second, third)]

    assert after == [
        replace(first, updated_at=LATER, **values),  # type: ignore[arg-type]  # many types
        replace(second, attempts=5, last_error="x", updated_at=LATER),
        third,
    ]


@pytest.mark.parametrize("name", ["id", "source_id", "colour"])
def test_what_names_a_recording_and_what_is_no_field_cannot_be_changed(store: SqlStore, name: str):
    change = RecordingChange(recording_id=1, values={name: 2})

    with pytest.raises(ValueError, match=name), store.writing() as tx:
        tx.recordings.update_many([change], now=NOW)


def test_recordings_are_found_oldest_first_and_with_a_limit_newest_first(store: SqlStore):
    with store.writing() as tx:
        saved(tx, a_source(tx), *reversed(numbered(4)))
        saved(tx, a_source(tx, owner="boris"), LISTED)

        assert keys(list(tx.recordings.find("anna"))) == ["0", "1", "2", "3"]
        assert keys(list(tx.recordings.find("anna", limit=2))) == ["3", "2"]


def test_filters_narrow_what_is_found(store: SqlStore):
    with store.writing() as tx:
        disk, zoom = a_source(tx), a_source(tx, name="zoom")
        first, second, _ = saved(tx, disk, *numbered(3))
        saved(tx, zoom, replace(LISTED, key="z"))
        job, template = a_job(tx, "job"), a_template(tx)
        tx.recordings.take(first.id, job_id=job.id, template_id=template.id, now=NOW)
        failed = RecordingChange(recording_id=second.id, values={"status": RecordingStatus.FAILED})
        tx.recordings.update_many([failed], now=NOW)

        found = {
            "status": keys(list(tx.recordings.find("anna", statuses=[RecordingStatus.FAILED]))),
            "no status": keys(list(tx.recordings.find("anna", statuses=[]))),
            "source": keys(list(tx.recordings.find("anna", source_ids={zoom.id}))),
            "job": keys(list(tx.recordings.find("anna", taken_by=job.id))),
            "since": keys(list(tx.recordings.find("anna", since=NOW + timedelta(hours=1)))),
        }
    assert found == {
        "status": ["1"],
        "no status": [],
        "source": ["z"],
        "job": ["0"],
        "since": ["1", "2"],
    }


def test_recordings_can_be_changed_while_they_are_read(store: SqlStore):
    with store.writing() as tx:
        saved(tx, a_source(tx), *numbered(1200))
        for recording in tx.recordings.find("anna"):
            change = RecordingChange(recording_id=recording.id, values={"attempts": 1})
            tx.recordings.update_many([change], now=NOW)

        assert sum(recording.attempts for recording in tx.recordings.find("anna")) == 1200


def test_unfinished_are_those_begun_and_those_failed_of_any_owner(store: SqlStore):
    with store.writing() as tx:
        mine = saved(tx, a_source(tx), *numbered(len(RecordingStatus)))
        (theirs,) = saved(tx, a_source(tx, owner="boris"), LISTED)
        by_status = dict(zip(RecordingStatus, mine, strict=True))
        changes = [
            RecordingChange(recording_id=recording.id, values={"status": status})
            for status, recording in by_status.items()
        ]
        failed = {"status": RecordingStatus.FAILED}
        tx.recordings.update_many(
            [*changes, RecordingChange(recording_id=theirs.id, values=failed)], now=NOW
        )
        found = set(tx.recordings.unfinished())

    ended = {"PENDING_SOURCE", "INITIALIZED", "UPLOADED", "SKIPPED", "EXPIRED"}
    begun = {recording.id for status, recording in by_status.items() if status not in ended}
    assert found == {theirs.id} | begun


def test_a_recording_is_taken_once_and_its_job_may_take_it_again(store: SqlStore):
    with store.writing() as tx:
        (free,) = saved(tx, a_source(tx), LISTED)
        first, second, template = a_job(tx, "first"), a_job(tx, "second"), a_template(tx)
        taken, refused, again = (
            tx.recordings.take(free.id, job_id=job.id, template_id=template.id, now=LATER)
            for job in (first, second, first)
        )

    expected = replace(free, taken_by_job_id=first.id, template_id=template.id, updated_at=LATER)
    assert (taken, refused, again) == (expected, None, expected)


def checkpoint(recording: Recording, stage: str, *, at: datetime, size: int = 1) -> Checkpoint:
    artifact = Artifact(
        recording_id=recording.id,
        stage=stage,
        file_key="video",
        kind=FileKind.VIDEO,
        path=f"{stage}/video.mp4",
        size_bytes=size,
        sha256="ab" * 32,
        details={"cut_start_seconds": 1.5},
    )
    return Checkpoint(
        recording_id=recording.id,
        stage=stage,
        finished_at=at,
        fingerprint=recording.fingerprint,
        note=f"{stage} done",
        artifacts=(replace(artifact, file_key="audio", kind=FileKind.AUDIO), artifact),
    )


def test_checkpoints_come_back_in_the_order_the_stages_finished(store: SqlStore):
    with store.writing() as tx:
        recording, other = saved(tx, a_source(tx), *numbered(2))
        download = checkpoint(recording, "download", at=NOW, size=5_000_000_000)
        bare = replace(checkpoint(recording, "topics", at=LATER), artifacts=())
        for item in (bare, download, checkpoint(other, "download", at=NOW)):
            tx.recordings.save_checkpoint(item)

        assert tx.recordings.checkpoints(recording.id) == [download, bare]


def test_a_checkpoint_of_the_same_stage_replaces_the_first(store: SqlStore):
    with store.writing() as tx:
        (recording,) = saved(tx, a_source(tx), LISTED)
        tx.recordings.save_checkpoint(checkpoint(recording, "trim", at=NOW))
        again = checkpoint(recording, "trim", at=LATER, size=2)
        tx.recordings.save_checkpoint(again)

        assert tx.recordings.checkpoints(recording.id) == [again]
        tx.recordings.clear_checkpoints(recording.id)
        assert tx.recordings.checkpoints(recording.id) == []


def test_one_file_has_one_publication_per_destination(store: SqlStore):
    with store.writing() as tx:
        (recording,) = saved(tx, a_source(tx), LISTED)
        first = Publication(
            recording_id=recording.id,
            file_key="video",
            destination="folder:/srv",
            location="/srv/a.mp4",
            url="file:///srv/a.mp4",
            size_bytes=5_000_000_000,
            sha256="cd" * 32,
            published_at=NOW,
        )
        elsewhere = replace(first, destination="archive", url=None)
        moved = replace(first, location="/srv/b.mp4", published_at=LATER)
        for publication in (first, elsewhere, moved):
            tx.recordings.save_publication(publication)

        assert tx.recordings.publications(recording.id) == [moved, elsewhere]


def test_a_removed_source_takes_all_it_brought_with_it(store: SqlStore):
    with store.writing() as tx:
        source, other = a_source(tx), a_source(tx, name="other")
        (gone,) = saved(tx, source, LISTED)
        (kept,) = saved(tx, other, LISTED)
        tx.recordings.save_checkpoint(checkpoint(gone, "download", at=NOW))
        tx.sources.remove(source.id)

        assert list(tx.recordings.find("anna")) == [kept]
        assert tx.recordings.checkpoints(gone.id) == []


def test_a_removed_template_is_no_longer_named_by_its_recordings(store: SqlStore):
    with store.writing() as tx:
        (free,) = saved(tx, a_source(tx), LISTED)
        job, template = a_job(tx, "job"), a_template(tx)
        tx.recordings.take(free.id, job_id=job.id, template_id=template.id, now=NOW)
        tx.templates.remove(template.id)

        assert tx.recordings.get(free.id) == replace(free, taken_by_job_id=job.id)
