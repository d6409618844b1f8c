"""``zoomauto run``, and what it leaves in ``history`` and ``recording``."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Zoomauto = Callable[..., Any]

PAGE = b"<html>Please sign in</html>"

UNAVAILABLE = {
    "transcription": "not available: no transcript from the source, and no engine is configured",
    "subtitles": "not available: there is no transcript",
    "topics": "not available: there is no transcript",
}


@pytest.fixture
def due(database: Path):
    """Let the job's schedule have occurred since it was made."""

    def make() -> None:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute(
                "UPDATE automation_jobs"
                " SET effective_from = strftime('%Y-%m-%d %H:%M:%S', 'now', '-1 day')"
            )
            connection.commit()

    return make


def test_a_run_tells_everything_in_json(
    ready: Zoomauto,
    record: Callable[[str, bytes], Path],
    clip: bytes,
    settled: Callable[[Any], Any],
    tmp_path: Path,
):
    record("Lecture 7 Trees", clip)
    record("Coffee", clip)
    ended = ready("run", "every-evening", "-o", "json")
    document = settled(ended.document)
    document["data"]["run"]["host"] = "..."
    (item,) = document["data"]["items"]
    assert item.pop("stages").keys() == {"download", "trim", "upload", *UNAVAILABLE}
    assert (ended.code, ended.err, document) == (
        0,
        "",
        {
            "schema": 1,
            "command": "run",
            "status": "success",
            "data": {
                "run": {
                    "id": 1,
                    "job": "Every evening",
                    "trigger": "manual",
                    "scheduled_for": None,
                    "status": "SUCCESS",
                    "attempt": 1,
                    "started_at": "...",
                    "finished_at": "...",
                    "skip_reason": None,
                    "exit_code": 0,
                    "error": None,
                    "host": "...",
                    "next_attempt_at": None,
                    "missed_from": None,
                    "missed_to": None,
                    "missed_count": None,
                    "covered_by": None,
                },
                "sources": [
                    {
                        "name": "laptop",
                        "status": "success",
                        "found": 2,
                        "new": 2,
                        "updated": 0,
                        "error": None,
                    }
                ],
                "recordings": {
                    "found": 2,
                    "matched": 1,
                    "unmatched": 1,
                    "processed": 1,
                    "failed": 0,
                    "skipped": 0,
                },
                "items": [
                    {
                        "recording_id": item["recording_id"],
                        "name": "Lecture 7 Trees",
                        "template": "lectures",
                        "status": "UPLOADED",
                        "error": None,
                    }
                ],
                "trashed": [],
                "problems": [],
                "followed_by": [],
            },
            "errors": [],
        },
    )
    assert [file.suffix for file in (tmp_path / "Published").iterdir()] == [".mp4"]


def test_a_transcript_beside_a_recording_is_published_with_it(
    ready: Zoomauto, record: Callable[[str, bytes], Path], clip: bytes, tmp_path: Path
):
    said = "WEBVTT\n\n00:10.000 --> 00:12.000\nAnn Lee: Good morning\n"
    (record("Lecture 7 Trees", clip) / "meeting_transcript.vtt").write_text(said)
    (item,) = ready("run", "every-evening", "-o", "json").data["items"]
    assert item["stages"]["transcription"] == "done: zoom, 1 cue"
    published = sorted((tmp_path / "Published").iterdir())
    endings = [file.name.partition("]")[2] for file in published]
    assert endings == [".mp4", ".srt", ".transcript.json", ".vtt"]
    (told,) = json.loads(published[2].read_text())["cues"]
    assert told == {"start": 10.0, "end": 12.0, "speaker": "Ann Lee", "text": "Good morning"}


def test_an_engine_that_lacks_something_is_refused_when_it_is_saved(ready: Zoomauto):
    setting = ("job", "update", "every-evening", "--set", "transcription.engine=command")
    refused = ready(*setting)
    assert (refused.code, refused.err.splitlines()[0]) == (
        2,
        "Error: transcription.engine command needs transcription.command.",
    )
    assert ready(*setting, "--set", "transcription.command=asr {audio} {output}").code == 0
    literal = ready("job", "update", "every-evening", "--set", "transcription.api_key=sk-secret")
    assert (literal.code, "sk-secret" in literal.out + literal.err) == (2, False)


def test_a_recording_that_fails_is_an_error_with_the_full_data(
    ready: Zoomauto, record: Callable[[str, bytes], Path], clip: bytes
):
    record("Lecture 7 Trees", clip)
    record("Lecture 8 Page", PAGE)
    ended = ready("run", "every-evening", "-o", "json")
    document = ended.document
    (problem,) = document["errors"]
    failed = next(i for i in document["data"]["items"] if i["status"] == "FAILED")
    assert (ended.code, document["status"]) == (3, "partial")
    assert len(document["data"]["items"]) == 2
    assert problem == {
        "code": "corrupt_media",
        "message": f"recording {failed['recording_id']} 'Lecture 8 Page': {failed['error']}",
        "hint": f"zoomauto recording show {failed['recording_id']}",
    }


def test_every_recording_failing_for_good_ends_with_65(
    ready: Zoomauto, record: Callable[[str, bytes], Path]
):
    record("Lecture 8 Page", PAGE)
    ended = ready("run", "every-evening")
    assert ended.code == 65
    assert "FAILED" in ended.out
    assert "Error: recording 1 'Lecture 8 Page': " in ended.err


def test_a_source_that_cannot_be_listed_ends_with_75(ready: Zoomauto, tmp_path: Path):
    (tmp_path / "Zoom").rmdir()
    ended = ready("run", "every-evening", "-o", "json")
    (problem,) = ended.document["errors"]
    assert (ended.code, ended.document["status"]) == (75, "error")
    mended = "mount it, or: zoomauto source update laptop --option path=/where/it/is"
    assert (problem["code"], problem["hint"]) == ("unreachable", mended)
    assert ended.data["sources"][0]["error"] in problem["message"]


def test_a_dry_run_shows_its_plan_and_changes_no_byte(
    ready: Zoomauto, record: Callable[[str, bytes], Path], clip: bytes, tmp_path: Path
):
    record("Lecture 7 Trees", clip)
    record("Coffee", clip)
    files = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    ended = ready("run", "every-evening", "--dry-run", "-o", "json")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == files
    data = ended.data
    (planned,) = data["would_process"]
    assert planned.pop("estimated_seconds") >= 0
    assert planned.pop("stage_estimated_seconds").keys() == {"download", "trim", "upload"}
    assert (ended.code, ended.err, planned) == (
        0,
        "",
        {
            "recording_id": None,
            "name": "Lecture 7 Trees",
            "action": "NEW",
            "reason": "matches template 'lectures'",
            "template": "lectures",
            "stages": {"download": "run", "trim": "run", **UNAVAILABLE, "upload": "run"},
            "download_bytes": len(clip),
        },
    )
    assert data["recordings"] == {"found": 2, "matched": 1, "unmatched": 1, "skipped": 0}
    assert [source["name"] for source in data["sources"]] == ["laptop"]
    table = ready("run", "every-evening", "--dry-run").out.splitlines()
    assert table[1].split()[:2] == ["do", "recording"]
    assert {line.split()[0] for line in table[2:4]} == {"NEW", "SKIP"}


def test_a_dry_run_makes_no_database(fresh: Zoomauto, database: Path):
    ended = fresh("run", "every-evening", "--dry-run")
    assert ended.code == 78
    assert not database.exists()


def test_a_run_by_hand_can_leave_the_sources_alone(
    ready: Zoomauto, record: Callable[[str, bytes], Path], clip: bytes
):
    record("Lecture 7 Trees", clip)
    data = ready("run", "every-evening", "--no-sync", "-o", "json").data
    assert [source["status"] for source in data["sources"]] == ["skipped"]
    assert data["recordings"]["found"] == 0


def test_a_quiet_run_says_only_what_went_wrong(
    ready: Zoomauto, record: Callable[[str, bytes], Path], clip: bytes
):
    record("Lecture 7 Trees", clip)
    first = ready("run", "every-evening", "--quiet")
    assert (first.code, first.out, first.err) == (0, "", "")
    record("Lecture 8 Page", PAGE)
    second = ready("run", "every-evening", "--quiet")
    assert (second.code, second.out, len(second.err.splitlines())) == (65, "", 2)


def test_a_scheduled_start_that_is_not_due_says_nothing(ready: Zoomauto):
    ended = ready("run", "every-evening", "--scheduled")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    asked = ready("run", "every-evening", "--scheduled", "-o", "json")
    assert (asked.code, asked.document["status"], asked.data) == (0, "success", None)
    assert ready("history", "list", "-o", "json").data == []


def test_a_scheduled_run_is_silent_on_success_and_logs_in_full(
    ready: Zoomauto,
    due: Callable[[], None],
    record: Callable[[str, bytes], Path],
    clip: bytes,
    tmp_path: Path,
):
    record("Lecture 7 Trees", clip)
    due()
    ended = ready("run", "every-evening", "--scheduled")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    log = tmp_path / "home" / ".local" / "state" / "zoomauto" / "zoomauto.log"
    assert "run 1: SUCCESS" in log.read_text()
    (run,) = ready("history", "list", "-o", "json").data
    assert (run["trigger"] in {"schedule", "catch_up"}, run["status"]) == (True, "SUCCESS")
    again = ready("run", "every-evening", "--scheduled")
    assert (again.code, len(ready("history", "list", "-o", "json").data)) == (0, 1)


def test_a_scheduled_run_that_fails_says_one_paragraph(
    ready: Zoomauto, due: Callable[[], None], record: Callable[[str, bytes], Path]
):
    record("Lecture 8 Page", PAGE)
    due()
    ended = ready("run", "every-evening", "--scheduled")
    assert (ended.code, ended.out) == (65, "")
    first, second = ended.err.splitlines()
    assert first.startswith("Error: job 'Every evening', run 1: Lecture 8 Page: ")
    assert second == "  hint: zoomauto history show --run 1"


def test_a_start_of_whatever_is_due_runs_it_once_and_is_silent(
    ready: Zoomauto,
    due: Callable[[], None],
    record: Callable[[str, bytes], Path],
    clip: bytes,
):
    record("Lecture 7 Trees", clip)
    due()
    ended = ready("run", "--due")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (run,) = ready("history", "list", "-o", "json").data
    assert (run["job"], run["status"]) == ("Every evening", "SUCCESS")

    again = ready("run", "--due", "-o", "json")
    assert (again.code, again.data) == (0, {"runs": [], "remark": None})
    assert len(ready("history", "list", "-o", "json").data) == 1


def test_a_start_of_whatever_is_due_says_one_paragraph_for_each_job_in_trouble(
    ready: Zoomauto, due: Callable[[], None], record: Callable[[str, bytes], Path]
):
    ready("job", "copy", "every-evening", "Every night")
    record("Lecture 8 Page", PAGE)
    due()
    ended = ready("run", "--due")
    assert (ended.code, ended.out) == (65, "")
    first, second = ended.err.splitlines()
    assert first.startswith("Error: job 'Every evening', run 1: Lecture 8 Page: ")
    assert second == "  hint: zoomauto history show --run 1"


def test_a_start_of_whatever_is_due_never_makes_a_database(fresh: Zoomauto, database: Path):
    ended = fresh("run", "--due")
    assert (ended.code, ended.out, database.exists()) == (78, "", False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a job, or say --due"),
        (("--due", "every-evening"), "--due runs every job that is due: name none"),
        (("--due", "--dry-run"), "--due takes none of the other options"),
    ],
)
def test_a_start_names_one_job_or_all_that_are_due(
    fresh: Zoomauto, arguments: tuple[str, ...], message: str
):
    ended = fresh("run", *arguments)
    assert (ended.code, ended.err.splitlines()[0]) == (2, f"Error: {message}.")


def test_a_failed_run_that_is_tried_again_says_when(
    ready: Zoomauto, due: Callable[[], None], tmp_path: Path
):
    ready("job", "update", "every-evening", "--retries", "1", "--retry-gap", "2h")
    (tmp_path / "Zoom").rmdir()
    due()
    ended = ready("run", "every-evening", "--scheduled")
    assert ended.code == 75
    assert "; tried again from 20" in ended.err
    (run,) = ready("history", "list", "-o", "json").data
    assert (run["status"], run["next_attempt_at"] is not None) == ("RUNNING", True)
    assert "tried again from 20" in ready("history", "list").out


def test_a_job_that_fails_too_often_is_paused_and_says_how_to_go_on(
    ready: Zoomauto, tmp_path: Path
):
    ready("job", "update", "every-evening", "--pause-after", "1")
    (tmp_path / "Zoom").rmdir()
    ended = ready("run", "every-evening", "--quiet")
    assert "the job is paused after a failure; zoomauto job enable every-evening ends" in ended.err
    assert "no: paused after a failure; the last: source laptop" in ready("job", "list").out
    assert ready("job", "show", "every-evening", "-o", "json").data["paused_reason"]

    ready("job", "enable", "every-evening")
    assert ready("job", "show", "every-evening", "-o", "json").data["paused_reason"] is None


def test_the_table_of_a_run_says_in_a_sentence_what_was_done(
    ready: Zoomauto, record: Callable[[str, bytes], Path], clip: bytes
):
    record("Lecture 7 Trees", clip)
    line = next(line for line in ready("run", "every-evening").out.splitlines() if "UPLO" in line)
    assert line.partition("UPLOADED  ")[2].startswith("copied 1 file, ")
    assert "; published 1 to folder:" in line
    assert "not available" not in line


def test_what_two_stages_say_alike_is_said_once(
    ready: Zoomauto, record: Callable[[str, bytes], Path], clip: bytes
):
    record("Lecture 7 Trees", clip)
    engine = {"engine": "command", "command": "false {audio} {output}", "required": "false"}
    settings = [f"--set=transcription.{key}={value}" for key, value in engine.items()]
    ready("job", "update", "every-evening", *settings)
    line = next(line for line in ready("run", "every-evening").out.splitlines() if "UPLO" in line)
    assert line.count("there is no transcript") == 1


def test_a_scheduled_start_never_makes_a_database(fresh: Zoomauto, database: Path, tmp_path: Path):
    ended = fresh("run", "every-evening", "--scheduled")
    assert (ended.code, ended.out) == (78, "")
    assert ended.err.endswith("  hint: zoomauto database upgrade\n")
    assert not database.exists()
    log = tmp_path / "home" / ".local" / "state" / "zoomauto" / "zoomauto.log"
    assert "there is no database" in log.read_text()


def test_a_job_without_a_source_ends_with_78_and_is_remembered(ready: Zoomauto):
    ready("source", "disable", "laptop")
    ended = ready("run", "every-evening", "-o", "json")
    (problem,) = ended.document["errors"]
    assert (ended.code, problem["code"]) == (78, "configuration")
    assert "has no active source" in problem["message"]
    assert [run["exit_code"] for run in ready("history", "list", "-o", "json").data] == [78]


def test_history_shows_the_newest_run_or_the_one_asked_for(
    ready: Zoomauto, record: Callable[[str, bytes], Path]
):
    record("Lecture 8 Page", PAGE)
    for _ in range(2):
        ready("run", "every-evening")
    newest = ready("history", "show", "every-evening", "-o", "json").data
    first = ready("history", "show", "--run", "1", "-o", "json").data
    assert (newest["run"]["id"], newest["items"]) == (2, [])
    assert (first["run"]["id"], [item["status"] for item in first["items"]]) == (1, ["FAILED"])
    assert [run["id"] for run in ready("history", "list", "--limit", "1", "-o", "json").data] == [2]
    table = ready("history", "show", "--run", "1").out
    assert "Lecture 8 Page" in table


def test_no_history_says_what_to_do_next(stocked: Zoomauto):
    for words in (("history", "list"), ("history", "show"), ("history", "show", "1")):
        ended = stocked(*words)
        assert (ended.code, ended.out) == (0, "")
        assert ended.err.endswith("no runs yet; zoomauto run --help\n")


def test_a_failed_recording_is_shown_explained_retried_skipped_and_reset(
    ready: Zoomauto, record: Callable[[str, bytes], Path]
):
    record("Lecture 8 Page", PAGE)
    ready("run", "every-evening")
    shown = ready("recording", "show", "1", "-o", "json").data
    facts = ("id", "name", "source", "status", "job", "template", "failed_at_stage", "failure")
    assert [shown[fact] for fact in facts] == [
        1,
        "Lecture 8 Page",
        "laptop",
        "FAILED",
        "Every evening",
        "lectures",
        "download",
        "permanent",
    ]
    assert (shown["size_bytes"], shown["checkpoints"], shown["publications"]) == (len(PAGE), [], [])
    assert [file["name"] for file in shown["files"]] == ["video1.mp4"]

    why = ready("recording", "explain", "1", "--job", "every-evening", "-o", "json").data
    assert (why["taken"], why["refusal"]["code"]) == (False, "parked")
    assert [(v["template"], v["accepted"], v["rule"]) for v in why["verdicts"]] == [
        ("lectures", True, "keywords")
    ]

    assert ready("recording", "retry", "1", "-o", "json").data["status"] == "INITIALIZED"
    why = ready("recording", "explain", "1", "--job", "every-evening").out
    assert why.startswith("job 'Every evening' takes it, by template 'lectures'\n")
    assert ready("recording", "skip", "1", "-o", "json").data["status"] == "SKIPPED"
    assert ready("recording", "reset", "1").code == 2
    reset = ready("recording", "reset", "1", "--yes", "-o", "json").data
    assert (reset["status"], reset["job"]) == ("INITIALIZED", None)


def test_recordings_are_listed_newest_first_and_filtered(
    ready: Zoomauto, record: Callable[[str, bytes], Path], clip: bytes
):
    for topic in ("Lecture A", "Lecture B", "Lecture C"):
        record(topic, PAGE)
    ready("run", "every-evening")
    listed = ready("recording", "list", "--limit", "0", "-o", "json").data
    assert [r["id"] for r in listed] == sorted((r["id"] for r in listed), reverse=True)
    newest = ready("recording", "list", "--limit", "2", "-o", "json").data
    assert newest == listed[:2]
    for words in (("--status", "failed"), ("--source", "laptop")):
        assert ready("recording", "list", *words, "-o", "json").data == listed
    empty = ready("recording", "list", "--status", "UPLOADED")
    assert (empty.out, empty.err) == (
        "",
        "no such recordings; zoomauto run JOB lists the sources\n",
    )
