"""What every store promises about jobs, templates, sources and destinations."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from zoomauto.domain.job import Job, JobSpec
from zoomauto.domain.recording import ListedRecording, RecordingChange, RecordingStatus
from zoomauto.domain.run import RunStatus, Trigger
from zoomauto.domain.schedule import CronSchedule, EveryHours, Schedule, TimeOfDay, Weekdays
from zoomauto.domain.source import DestinationConfig, SourceConfig
from zoomauto.domain.template import MatchingRules, OutputConfig, Template
from zoomauto.errors import AlreadyExists, NotFound
from zoomauto.storage.store import SqlStore

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

SPEC = JobSpec(
    name="Daily Morning Sync",
    description="every day",
    template_ids=(3, 1, 2),
    schedule=TimeOfDay(time=time(6, 0), timezone="Europe/Moscow"),
    sync_days=5,
    statuses=(RecordingStatus.FAILED, RecordingStatus.INITIALIZED),
    exclude_blank=False,
    processing_config={"auto_upload": False, "trim": {"threshold_db": -38.5}},
    is_active=False,
)
TEMPLATE = Template(
    id=0,
    owner="anna",
    name="Lectures",
    description="all of them",
    is_active=False,
    is_draft=True,
    rules=MatchingRules(
        exact_matches=("Algebra",),
        keywords=("lecture", "🎓"),
        patterns=(r"^\d+",),
        exclude_keywords=("test",),
        exclude_patterns=("draft$",),
        source_ids=(1, 2),
        case_sensitive=True,
    ),
    processing_config={"skip_trim": True},
    output=OutputConfig(destinations=("folder:/srv/a b", "archive"), naming="{topic}"),
    created_at=NOW,
    updated_at=NOW,
)
SOURCE = SourceConfig(
    id=0,
    owner="anna",
    name="zoom",
    type="zoom",
    options={"users": ["a@example.org"]},
    secrets={"client_secret": "env:ZOOM_SECRET"},
    is_active=False,
    listed_until=NOW,
    created_at=NOW,
    updated_at=NOW,
)
DESTINATION = DestinationConfig(
    id=0,
    owner="anna",
    name="archive",
    type="folder",
    options={"path": "/srv/archive"},
    created_at=NOW,
    updated_at=NOW,
)


def test_a_job_comes_back_as_it_was_saved(store: SqlStore):
    with store.writing(owner="anna") as tx:
        saved = tx.jobs.add("anna", SPEC, slug="daily-morning-sync", now=NOW)

    assert saved == Job(
        id=saved.id,
        owner="anna",
        slug="daily-morning-sync",
        spec=SPEC,
        effective_from=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    with store.reading() as tx:
        assert tx.jobs.get(saved.id) == saved
        assert tx.jobs.get(saved.id + 1) is None


@pytest.mark.parametrize(
    "schedule",
    [
        EveryHours(hours=5, timezone="UTC"),
        Weekdays(days=(0, 2, 6), time=time(23, 59), timezone="Asia/Kathmandu"),
        CronSchedule(expression="*/15 9-17 * * mon-fri", timezone="America/New_York"),
    ],
)
def test_every_kind_of_schedule_is_kept(store: SqlStore, schedule: Schedule):
    with store.writing() as tx:
        saved = tx.jobs.add("anna", replace(SPEC, schedule=schedule), slug="x", now=NOW)

        assert tx.jobs.get(saved.id) == saved
    assert saved.spec.schedule == schedule


def test_a_job_without_a_slug_is_called_after_its_id(store: SqlStore):
    with store.writing() as tx:
        first = tx.jobs.add("anna", replace(SPEC, name="Утро"), slug=None, now=NOW)
        taken = f"job-{first.id + 2}"
        tx.jobs.add("anna", replace(SPEC, name="Job"), slug=taken, now=NOW)
        third = tx.jobs.add("anna", replace(SPEC, name="Вечер"), slug=None, now=NOW)

    assert (first.slug, third.slug) == (f"job-{first.id}", f"{taken}-2")


def test_jobs_are_listed_by_owner_and_id(store: SqlStore):
    with store.writing() as tx:
        zebra = tx.jobs.add("anna", replace(SPEC, name="zebra"), slug="z", now=NOW)
        tx.jobs.add("boris", SPEC, slug="z", now=NOW)
        apple = tx.jobs.add("anna", replace(SPEC, name="apple"), slug="a", now=NOW)

        assert tx.jobs.list("anna") == [zebra, apple]


def test_jobs_are_found_by_id_slug_and_name_of_their_owner_alone(store: SqlStore):
    with store.writing() as tx:
        first = tx.jobs.add("anna", replace(SPEC, name="nightly"), slug="z", now=NOW)
        second = tx.jobs.add("anna", replace(SPEC, name=str(first.id)), slug="nightly", now=NOW)
        foreign = tx.jobs.add("boris", replace(SPEC, name="z"), slug="nightly", now=NOW)

        assert tx.jobs.named("anna", "nightly") == [first, second]
        assert tx.jobs.named("anna", str(first.id)) == [first, second]
        assert tx.jobs.named("anna", "z") == [first]
        assert tx.jobs.named("anna", str(foreign.id)) == []
        assert tx.jobs.named("anna", "9" * 30) == []


def test_a_taken_job_name_is_refused_and_the_transaction_goes_on(store: SqlStore):
    with store.writing() as tx:
        first = tx.jobs.add("anna", SPEC, slug="a", now=NOW)
        with pytest.raises(AlreadyExists) as refusal:
            tx.jobs.add("anna", SPEC, slug="b", now=NOW)
        second = tx.jobs.add("anna", replace(SPEC, name="b"), slug="b", now=NOW)
        with pytest.raises(AlreadyExists):
            tx.jobs.replace(second.id, SPEC, effective_from=NOW, now=NOW)

    assert (refusal.value.message, refusal.value.hint) == (
        "there is a job 'Daily Morning Sync' already",
        "zoomauto job list",
    )
    with store.reading() as tx:
        assert tx.jobs.list("anna") == [first, second]


def test_a_changed_job_keeps_its_slug_and_its_past(store: SqlStore):
    changed = replace(SPEC, name="Evening", schedule=EveryHours(hours=3, timezone="UTC"))
    with store.writing() as tx:
        saved = tx.jobs.add("anna", SPEC, slug="daily", now=NOW)
        tx.jobs.record_run(saved.id, started_at=NOW, status=RunStatus.SUCCESS)
        tx.jobs.replace(saved.id, changed, effective_from=LATER, now=LATER)

        assert tx.jobs.get(saved.id) == replace(
            saved,
            spec=changed,
            effective_from=LATER,
            updated_at=LATER,
            last_run_at=NOW,
            last_status=RunStatus.SUCCESS,
            run_count=1,
        )


def test_changing_a_job_that_is_gone_says_so(store: SqlStore):
    with pytest.raises(NotFound), store.writing() as tx:
        tx.jobs.replace(99, SPEC, effective_from=NOW, now=NOW)


def test_every_run_counts_and_the_newest_is_remembered(store: SqlStore):
    with store.writing() as tx:
        job = tx.jobs.add("anna", SPEC, slug="a", now=NOW)
        tx.jobs.record_run(job.id, started_at=LATER, status=RunStatus.PARTIAL)
        tx.jobs.record_run(job.id, started_at=NOW, status=RunStatus.SUCCESS)

        assert tx.jobs.get(job.id) == replace(
            job, last_run_at=LATER, last_status=RunStatus.PARTIAL, run_count=2
        )


def test_removing_a_job_keeps_its_history_and_releases_its_recordings(store: SqlStore):
    listed = [ListedRecording(key=key, name=key, start_at=NOW) for key in ("begun", "done")]
    with store.writing() as tx:
        job = tx.jobs.add("anna", SPEC, slug="a", now=NOW)
        template = tx.templates.add(TEMPLATE)
        source = tx.sources.add(SOURCE)
        tx.recordings.add_many(source, listed, blank_reasons={}, now=NOW)
        known = tx.recordings.known(source.id, ["begun", "done"])
        for key, status in (
            ("begun", RecordingStatus.DOWNLOADED),
            ("done", RecordingStatus.UPLOADED),
        ):
            tx.recordings.take(known[key].id, job_id=job.id, template_id=template.id, now=NOW)
            change = RecordingChange(recording_id=known[key].id, values={"status": status})
            tx.recordings.update_many([change], now=NOW)
        run = tx.runs.add(
            owner="anna",
            job=job,
            trigger=Trigger.SCHEDULE,
            scheduled_for=NOW,
            started_at=NOW,
            host="laptop",
        )
        assert run is not None
        tx.jobs.remove(job.id)

    with store.reading() as tx:
        assert tx.jobs.list("anna") == []
        assert tx.runs.get(run.id) == replace(run, job_id=None)
        after = tx.recordings.known(source.id, ["begun", "done"])
    assert {r.key: (r.status, r.taken_by_job_id, r.template_id) for r in after.values()} == {
        "begun": (RecordingStatus.INITIALIZED, None, None),
        "done": (RecordingStatus.UPLOADED, None, template.id),
    }


def test_an_id_is_never_given_twice(store: SqlStore):
    with store.writing() as tx:
        first = tx.jobs.add("anna", SPEC, slug="a", now=NOW)
        tx.jobs.remove(first.id)
        second = tx.jobs.add("anna", SPEC, slug="a", now=NOW)

    assert second.id > first.id


def test_a_template_comes_back_as_it_was_saved(store: SqlStore):
    with store.writing() as tx:
        saved = tx.templates.add(TEMPLATE)

    assert saved == replace(TEMPLATE, id=saved.id)
    with store.reading() as tx:
        assert (tx.templates.get(saved.id), tx.templates.get(99)) == (saved, None)
        assert (tx.templates.list("anna"), tx.templates.list("boris")) == ([saved], [])


def test_a_template_can_be_changed_and_removed(store: SqlStore):
    with store.writing() as tx:
        saved = tx.templates.add(TEMPLATE)
        changed = replace(saved, name="All", rules=MatchingRules(), is_draft=False)

        assert tx.templates.replace(changed) == changed
        assert tx.templates.get(saved.id) == changed
        tx.templates.remove(saved.id)
        assert tx.templates.get(saved.id) is None
        with pytest.raises(NotFound):
            tx.templates.replace(changed)


def test_taken_names_of_templates_sources_and_destinations_are_refused(store: SqlStore):
    with store.writing() as tx:
        for add in (
            lambda: tx.templates.add(TEMPLATE),
            lambda: tx.sources.add(SOURCE),
            lambda: tx.destinations.add(DESTINATION),
        ):
            add()
            with pytest.raises(AlreadyExists):
                add()
        tx.templates.add(replace(TEMPLATE, owner="boris"))
        tx.sources.add(replace(SOURCE, owner="boris"))
        tx.destinations.add(replace(DESTINATION, owner="boris"))


def test_a_destination_comes_back_as_it_was_saved_and_changed(store: SqlStore):
    with store.writing() as tx:
        saved = tx.destinations.add(DESTINATION)
        changed = replace(
            saved, options={"path": "/new"}, secrets={"key": "env:KEY"}, updated_at=LATER
        )

        assert tx.destinations.replace(changed) == changed
        assert tx.destinations.list("anna") == [changed]
        with pytest.raises(NotFound):
            tx.destinations.replace(replace(changed, id=99))


def test_a_source_comes_back_as_it_was_saved_and_changed(store: SqlStore):
    with store.writing() as tx:
        saved = tx.sources.add(SOURCE)
        changed = replace(saved, name="work", options={}, is_active=True, updated_at=LATER)

        assert saved == replace(SOURCE, id=saved.id)
        assert tx.sources.replace(changed) == changed
        assert (tx.sources.get(saved.id), tx.sources.get(99)) == (changed, None)
        assert tx.sources.list("anna") == [changed]
        with pytest.raises(NotFound):
            tx.sources.replace(replace(changed, id=99))


def test_the_mark_of_complete_listing_moves_forward_only(store: SqlStore):
    with store.writing() as tx:
        source = tx.sources.add(replace(SOURCE, listed_until=None))
        marks = []
        for until in (NOW, LATER, NOW):
            tx.sources.mark_listed(source.id, until)
            found = tx.sources.get(source.id)
            marks.append(found and found.listed_until)

    assert marks == [NOW, LATER, LATER]


def test_the_marks_of_parts_are_kept_and_taken_back(store: SqlStore):
    parts = {"": LATER, "ann@example.org": NOW}
    with store.writing() as tx:
        source = tx.sources.add(SOURCE)
        tx.sources.mark_parts(source.id, parts)

        assert tx.sources.get(source.id) == replace(source, parts_listed_until=parts)
        assert tx.sources.replace(replace(source, parts_listed_until=parts)).parts_listed_until == (
            parts
        )
        tx.sources.mark_parts(source.id, {})
        assert tx.sources.get(source.id) == source


def test_a_destination_is_kept_by_owner_until_it_is_removed(store: SqlStore):
    with store.writing() as tx:
        saved = tx.destinations.add(DESTINATION)

        assert saved == replace(DESTINATION, id=saved.id)
        assert (tx.destinations.list("anna"), tx.destinations.list("boris")) == ([saved], [])
        tx.destinations.remove(saved.id)
        assert tx.destinations.list("anna") == []
