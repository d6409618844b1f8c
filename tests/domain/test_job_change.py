"""What a person asks to change about a job, from flags or from a document."""

from datetime import time
from typing import Any

import pytest

from zoomauto.domain.job import JobSpec
from zoomauto.domain.job_change import (
    JobChange,
    change_from_document,
    changed_spec,
    document_of,
    new_spec,
)
from zoomauto.domain.policy import Overlap, Policies, policies_document
from zoomauto.domain.recording import RecordingStatus
from zoomauto.domain.schedule import CronSchedule, TimeOfDay
from zoomauto.errors import InvalidDocument, InvalidSchedule, UsageError

SIX = TimeOfDay(time=time(6), timezone="Europe/Moscow")
#: Contract, section 4, as it stands there.
DOCUMENT: dict[str, Any] = {
    "name": "Daily Morning Sync",
    "description": "Sync and process recordings every day at 6 AM",
    "template_ids": [1, 2, 3],
    "schedule": {"type": "time_of_day", "time": "06:00", "timezone": "Europe/Moscow"},
    "sync_config": {"sync_days": 2},
    "filters": {"status": ["INITIALIZED"], "exclude_blank": True},
    "processing_config": {"auto_process": True, "auto_upload": True, "skip_transcription": False},
}
SPEC = JobSpec(
    name="Daily Morning Sync",
    description="Sync and process recordings every day at 6 AM",
    template_ids=(1, 2, 3),
    schedule=SIX,
    sync_days=2,
    statuses=(RecordingStatus.INITIALIZED,),
    exclude_blank=True,
    processing_config={"auto_process": True, "auto_upload": True, "skip_transcription": False},
)


def read(document: Any) -> JobChange:
    return change_from_document(document, default_timezone="Europe/Berlin")


def test_the_document_of_the_contract_is_read_and_given_back():
    change = read(DOCUMENT)

    assert change.templates == ("id:1", "id:2", "id:3")
    assert new_spec(change, (1, 2, 3)) == SPEC
    assert document_of(SPEC) == {
        **DOCUMENT,
        "is_active": True,
        "policies": policies_document(Policies()),
    }


def test_a_documents_policies_are_laid_over_those_the_job_has():
    spec = changed_spec(SPEC, read({"policies": {"retries": 2}}), SPEC.template_ids)
    assert spec.policies == Policies(retries=2)

    spec = changed_spec(spec, read({"policies": {"overlap": "queue"}}), SPEC.template_ids)
    assert spec.policies == Policies(retries=2, overlap=Overlap.QUEUE)


def test_a_document_may_say_only_what_changes():
    assert read({}) == JobChange()
    assert read({"schedule": {"type": "time_of_day", "time": "07:30"}}) == JobChange(
        schedule=TimeOfDay(time=time(7, 30), timezone="Europe/Berlin")
    )
    assert read({"description": None, "processing_config": None}) == JobChange()
    assert changed_spec(SPEC, read({}), SPEC.template_ids) == SPEC


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the document must be a table of keys and values, not []"),
        ({"nmae": "x"}, "the document has no key 'nmae'"),
        ({"sync_config": {"days": 2}}, "sync_config has no key 'days'"),
        ({"sync_config": {"sync_days": True}}, "sync_config.sync_days must be a number, not True"),
        ({"sync_config": {"sync_days": 2.0}}, "sync_config.sync_days must be a number, not 2.0"),
        ({"filters": {"exclude_blank": 1}}, "filters.exclude_blank must be true or false, not 1"),
        ({"filters": {"status": "FAILED"}}, "status must be a list of statuses, not 'FAILED'"),
        ({"template_ids": 1}, "template_ids must be a list of numbers, not 1"),
        ({"template_ids": ["1"]}, "template_ids must be a list of numbers; '1' is none"),
        ({"template_ids": [True]}, "template_ids must be a list of numbers; True is none"),
        ({"name": 5}, "name must be text, not 5"),
        ({"schedule": "daily"}, "schedule must be a table of keys and values, not 'daily'"),
    ],
)
def test_what_a_document_cannot_mean_is_refused(document: Any, message: str):
    with pytest.raises(InvalidDocument) as caught:
        read(document)

    assert caught.value.message == message


def test_an_unusable_schedule_is_told_as_such():
    with pytest.raises(InvalidSchedule):
        read({"schedule": {"type": "time_of_day", "time": "25:00"}})


def test_a_change_is_laid_over_the_spec():
    change = JobChange(
        name="Other",
        description="",
        schedule=CronSchedule(expression="0 7 * * *", timezone="UTC"),
        sync_days=30,
        statuses=("failed", "INITIALIZED", "failed"),
        exclude_blank=False,
        settings={"auto_upload": "false", "trim.level": "2"},
        is_active=False,
    )

    assert changed_spec(SPEC, change, (9,)) == JobSpec(
        name="Other",
        description="",
        template_ids=(9,),
        schedule=CronSchedule(expression="0 7 * * *", timezone="UTC"),
        sync_days=30,
        statuses=(RecordingStatus.FAILED, RecordingStatus.INITIALIZED),
        exclude_blank=False,
        processing_config={
            "auto_process": True,
            "auto_upload": "false",
            "skip_transcription": False,
            "trim": {"level": "2"},
        },
        is_active=False,
    )


def test_a_config_takes_the_place_of_the_whole_and_settings_are_laid_over_it():
    change = JobChange(processing_config={"skip_trim": True}, settings={"skip_topics": "1"})

    assert changed_spec(SPEC, change, (1,)).processing_config == {
        "skip_trim": True,
        "skip_topics": "1",
    }


@pytest.mark.parametrize(
    ("change", "ids", "message"),
    [
        ({"name": " \t"}, (1,), "a job needs a name"),
        ({"name": "a\x00b"}, (1,), "a name or description cannot hold a NUL character"),
        ({"description": "\x00"}, (1,), "a name or description cannot hold a NUL character"),
        ({}, (), "a job needs at least one template"),
        ({"sync_days": 0}, (1,), "sync_days must be 1 to 30, not 0"),
        ({"sync_days": 31}, (1,), "sync_days must be 1 to 30, not 31"),
        ({"statuses": ("DONE",)}, (1,), "there is no recording status DONE"),
        ({"statuses": ()}, (1,), "the status filter is empty: no recording would ever be started"),
    ],
)
def test_an_unusable_job_is_refused(change: dict[str, Any], ids: tuple[int, ...], message: str):
    with pytest.raises(UsageError) as caught:
        changed_spec(SPEC, JobChange(**change), ids)

    assert caught.value.message == message


def test_a_new_job_needs_a_schedule():
    with pytest.raises(UsageError, match="a job needs a schedule"):
        new_spec(JobChange(name="x"), (1,))


def test_what_is_not_asked_for_has_its_default():
    assert new_spec(JobChange(name="x", schedule=SIX), (1,)) == JobSpec(
        name="x",
        template_ids=(1,),
        schedule=SIX,
        sync_days=2,
        statuses=(RecordingStatus.INITIALIZED,),
        exclude_blank=True,
        is_active=True,
    )
