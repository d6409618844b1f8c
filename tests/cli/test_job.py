"""``zoomauto job``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.policy import Policies, policies_document

Zoomauto = Callable[..., Any]

#: Contract, section 4.
DOCUMENT = {
    "name": "Daily Morning Sync",
    "description": "Sync and process recordings every day at 6 AM",
    "template_ids": [1, 2, 3],
    "schedule": {"type": "time_of_day", "time": "06:00", "timezone": "Europe/Moscow"},
    "sync_config": {"sync_days": 2},
    "filters": {"status": ["INITIALIZED"], "exclude_blank": True},
    "processing_config": {"auto_process": True, "auto_upload": True, "skip_transcription": False},
}


def test_the_job_document_is_accepted_as_it_stands_and_shown_again(
    stocked: Zoomauto, settled: Callable[[Any], Any]
):
    stdin = json.dumps(DOCUMENT).encode()
    created = stocked("job", "create", "--file", "-", "-o", "json", stdin=stdin)
    assert (created.code, created.err, settled(created.document)) == (
        0,
        "",
        {
            "schema": 1,
            "command": "job create",
            "status": "success",
            "data": {
                **DOCUMENT,
                "id": 2,
                "slug": "daily-morning-sync",
                "owner": "alice",
                "is_active": True,
                "policies": policies_document(Policies()),
                "timezone": "Europe/Moscow",
                "cron": "0 6 * * *",
                "schedule_in_words": "every day at 06:00 (Europe/Moscow)",
                "last_run_at": None,
                "last_status": None,
                "next_run_at": "...",
                "run_count": 0,
                "failures_in_row": 0,
                "paused_reason": None,
                "effective_from": "...",
                "created_at": "...",
                "updated_at": "...",
                "warnings": [],
            },
            "errors": [],
        },
    )
    shown = stocked("job", "show", "daily-morning-sync", "-o", "json")
    assert shown.data == created.data
    assert shown.data["next_run_at"].endswith("T06:00:00+03:00")


def test_policies_are_set_changed_one_by_one_and_taken_back(stocked: Zoomauto):
    flags = ("--catch-up", "none", "--overlap", "queue", "--timeout", "90", "--retries", "2")
    more = ("--retry-gap", "5m", "--jitter", "1h", "--pause-after", "3")
    schedule = ("--template", "lectures", "--daily", "06:00")
    stocked("job", "create", "Mine", *schedule, *flags, *more)
    assert stocked("job", "show", "mine", "-o", "json").data["policies"] == {
        "catch_up": "none",
        "overlap": "queue",
        "timeout_seconds": 5400,
        "retries": 2,
        "retry_gap_seconds": 300,
        "jitter_seconds": 3600,
        "pause_after": 3,
    }
    stocked("job", "update", "mine", "--timeout", "none", "--pause-after", "none")
    shown = stocked("job", "show", "mine").out
    assert ("timeout" in shown, "pause after" in shown, "1:00:00" in shown) == (False, False, True)
    copied = stocked("job", "copy", "mine", "Yours", "--overlap", "skip", "-o", "json").data
    assert (copied["policies"]["overlap"], copied["policies"]["retries"]) == ("skip", 2)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--timeout", "soon"), "--timeout cannot be 'soon'"),
        (("--timeout", "30s"), "the timeout must be 1 minute to 7 days, not 30 seconds"),
        (("--overlap", "kill"), "overlap cannot be 'kill'"),
        (("--pause-after", "x"), "--pause-after must be a whole number or none, not 'x'"),
        (("--jitter", "90s"), "the jitter must be whole minutes, not 90 seconds"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(
    stocked: Zoomauto, flags: tuple[str, ...], message: str
):
    ended = stocked("job", "update", "every-evening", *flags)
    assert (ended.code, ended.err.splitlines()[0]) == (2, f"Error: {message}.")


def test_flags_win_over_the_document(stocked: Zoomauto, tmp_path: Path):
    (tmp_path / "job.json").write_text(json.dumps(DOCUMENT))
    flags = ("--file", "job.json", "--every-hours", "6", "--template", "the rest")
    data = stocked("job", "create", "Mine", *flags, "--include-blank", "-o", "json").data
    changed = {
        "name": "Mine",
        "schedule": {"type": "hours", "hours": 6, "timezone": "UTC"},
        "template_ids": [3],
        "filters": {"status": ["INITIALIZED"], "exclude_blank": False},
    }
    assert {key: data[key] for key in DOCUMENT} == DOCUMENT | changed


def test_a_zone_beside_a_document_moves_its_schedule(stocked: Zoomauto, tmp_path: Path):
    (tmp_path / "job.toml").write_text(
        'name = "Noon"\ntemplate_ids = [1]\nschedule = {type = "time_of_day", time = "12:00"}\n'
    )
    zone = ("--timezone", "Asia/Tokyo")
    data = stocked("job", "create", "--file", "job.toml", *zone, "-o", "json").data
    assert data["schedule"] == {"type": "time_of_day", "time": "12:00", "timezone": "Asia/Tokyo"}


@pytest.mark.parametrize(
    ("flags", "schedule", "cron"),
    [
        (("--daily", "06:30"), {"type": "time_of_day", "time": "06:30"}, "30 6 * * *"),
        (("--every-hours", "8"), {"type": "hours", "hours": 8}, "0 */8 * * *"),
        (
            ("--weekdays", "Sun, mon,WED", "--at", "18:05"),
            {"type": "weekdays", "days": [0, 2, 6], "time": "18:05"},
            "5 18 * * 0,1,3",
        ),
        (
            ("--weekdays", "4,0", "--at", "7:00"),
            {"type": "weekdays", "days": [0, 4], "time": "07:00"},
            "0 7 * * 1,5",
        ),
        (("--cron", "@weekly"), {"type": "cron", "expression": "@weekly"}, "@weekly"),
        (
            ("--schedule", '{"type": "hours", "hours": 24}'),
            {"type": "hours", "hours": 24},
            "0 0 * * *",
        ),
    ],
)
def test_every_schedule_flag_makes_its_schedule(
    stocked: Zoomauto, flags: tuple[str, ...], schedule: dict[str, Any], cron: str
):
    zone = ("--timezone", "Europe/Berlin")
    data = stocked("job", "create", "J", "--template", "1", *flags, *zone, "-o", "json").data
    assert data["schedule"] == {**schedule, "timezone": "Europe/Berlin"}
    assert data["cron"] == cron


def test_what_may_surprise_about_a_schedule_is_said_in_both_forms(stocked: Zoomauto):
    words = ("--template", "lectures", "--every-hours", "7")
    table = stocked("job", "create", "Sevens", *words)
    assert table.code == 0
    assert table.err.startswith("Warning: 7 hours do not divide a day")
    document = stocked("job", "create", "More sevens", *words, "-o", "json")
    assert document.err == ""
    assert document.data["warnings"][0].startswith("7 hours do not divide a day")


def test_no_jobs_says_what_to_do_next(zoomauto: Zoomauto):
    ended = zoomauto("job", "list")
    assert (ended.code, ended.out, ended.err) == (
        0,
        "",
        "no jobs yet; zoomauto job create --help\n",
    )


def test_the_list_can_leave_out_disabled_jobs(stocked: Zoomauto):
    stocked("job", "copy", "every-evening", "Off", "--disabled")
    every = stocked("job", "list", "-o", "json").data
    active = stocked("job", "list", "--active-only", "-o", "json").data
    assert [(job["slug"], job["is_active"], job["next_run_at"] is None) for job in every] == [
        ("every-evening", True, False),
        ("off", False, True),
    ]
    assert active == every[:1]


def test_an_update_changes_what_is_named_and_keeps_the_zone(stocked: Zoomauto):
    stocked("job", "update", "every-evening", "--timezone", "Asia/Tokyo")
    before = stocked("job", "show", "1", "-o", "json").data
    assert before["schedule"] == {"type": "time_of_day", "time": "21:00", "timezone": "Asia/Tokyo"}
    flags = ("--name", "Noon", "--daily", "12:00", "--status", "FAILED", "--set", "skip_trim=yes")
    after = stocked("job", "update", "slug:every-evening", *flags, "-o", "json").data
    changed = {
        "name": "Noon",
        "schedule": {"type": "time_of_day", "time": "12:00", "timezone": "Asia/Tokyo"},
        "schedule_in_words": "every day at 12:00 (Asia/Tokyo)",
        "cron": "0 12 * * *",
        "filters": {"status": ["FAILED"], "exclude_blank": True},
        "processing_config": {"skip_trim": True},
    }
    instants = {key: after[key] for key in ("next_run_at", "effective_from", "updated_at")}
    assert after == before | changed | instants


def test_a_job_is_switched_off_and_on(stocked: Zoomauto):
    assert stocked("job", "disable", "name:Every evening", "-o", "json").data["is_active"] is False
    assert stocked("job", "enable", "id:1", "-o", "json").data["is_active"] is True


def test_a_deleted_job_is_gone(stocked: Zoomauto):
    ended = stocked("job", "delete", "every-evening", "--yes", "-o", "json")
    assert (ended.code, ended.data["slug"]) == (0, "every-evening")
    assert stocked("job", "list", "-o", "json").data == []


def test_every_owner_has_jobs_of_their_own(stocked: Zoomauto):
    assert stocked("job", "list", "--owner", "bob", "-o", "json").data == []
    assert stocked("job", "show", "1", "--owner", "bob").code == 2


def test_the_tables_of_a_job_and_its_template_make_each_other_whole(stocked: Zoomauto):
    place = ("transcription.base_url=http://127.0.0.1:9/v1", "transcription.model=small")
    template = ("template", "update", "lectures")
    job = ("job", "update", "every-evening", "--set", "transcription.engine=http")

    alone = stocked(*job)
    assert (alone.code, "needs transcription.base_url and transcription.model" in alone.err) == (
        2,
        True,
    )
    assert stocked(*template, *(f"--set={setting}" for setting in place)).code == 0
    changed = stocked(*job, "-o", "json")
    assert (changed.code, changed.data["processing_config"]) == (
        0,
        {"transcription": {"engine": "http"}},
    )
    taken = stocked(*template, "--set", "transcription.base_url=")
    assert (taken.code, "job 'Every evening' could not go on" in taken.err) == (2, True)
