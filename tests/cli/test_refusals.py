"""Bad input: the exit code, a message that names the mistake, a way out, and nothing changed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Zoomauto = Callable[..., Any]

JOB = ("job", "create", "New", "--template", "lectures")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param(
            ("job", "update", "nosuch", "--daily", "06:00"),
            "not_found",
            "there is no job 'nosuch'",
            id="unknown job",
        ),
        pytest.param(
            ("job", "create", "New", "--template", "lectrues", "--daily", "06:00"),
            "not_found",
            "there is no template 'lectrues'",
            id="unknown template",
        ),
        pytest.param(
            ("template", "create", "New", "--source", "phone"),
            "not_found",
            "there is no source 'phone'",
            id="unknown source",
        ),
        pytest.param(
            ("run", "nosuch"), "not_found", "there is no job 'nosuch'", id="run of an unknown job"
        ),
        pytest.param(
            ("job", "create", "Every evening", "--template", "lectures", "--daily", "06:00"),
            "already_exists",
            "Every evening",
            id="taken job name",
        ),
        pytest.param(
            ("job", "copy", "every-evening", "Every evening"),
            "already_exists",
            "Every evening",
            id="copy under its own name",
        ),
        pytest.param(
            ("template", "create", "lectures"), "already_exists", "lectures", id="taken template"
        ),
        pytest.param(
            ("source", "add", "laptop", "--type", "folder", "--option", "path=/"),
            "already_exists",
            "laptop",
            id="taken source",
        ),
        pytest.param((*JOB, "--daily", "24:00"), "invalid_schedule", "24:00", id="time 24:00"),
        pytest.param((*JOB, "--daily", "6 am"), "invalid_schedule", "6 am", id="no time"),
        pytest.param((*JOB, "--every-hours", "0"), "invalid_schedule", "1 to 24", id="hours 0"),
        pytest.param((*JOB, "--every-hours", "25"), "invalid_schedule", "1 to 24", id="hours 25"),
        pytest.param((*JOB, "--every-hours", "x"), "usage", "--every-hours", id="hours in words"),
        pytest.param(
            (*JOB, "--weekdays", "0,7", "--at", "06:00"),
            "invalid_schedule",
            "7 is none",
            id="weekday 7",
        ),
        pytest.param(
            (*JOB, "--weekdays", "mon,funday", "--at", "06:00"),
            "invalid_schedule",
            "there is no weekday 'funday'",
            id="unknown weekday",
        ),
        pytest.param(
            (*JOB, "--weekdays", "mon"),
            "usage",
            "--weekdays needs a time",
            id="no time of weekdays",
        ),
        pytest.param(
            (*JOB, "--daily", "06:00", "--at", "07:00"),
            "usage",
            "--at goes with --weekdays",
            id="time without weekdays",
        ),
        pytest.param(
            (*JOB, "--daily", "06:00", "--cron", "@daily"),
            "usage",
            "choose one of --daily, --cron",
            id="two schedules",
        ),
        pytest.param(JOB, "usage", "a job needs a schedule", id="no schedule"),
        pytest.param(
            (*JOB, "--daily", "06:00", "--timezone", "Europe/Atlantis"),
            "invalid_schedule",
            "there is no time zone 'Europe/Atlantis'",
            id="unknown zone",
        ),
        pytest.param(
            (*JOB, "--cron", "0 0 6 * * *"), "invalid_schedule", "", id="cron of six fields"
        ),
        pytest.param(
            (*JOB, "--cron", "0 6 30 2 *"), "invalid_schedule", "never", id="cron that never fires"
        ),
        pytest.param(
            (*JOB, "--schedule", '{"type": "time_of_day", "tme": "06:00"}'),
            "invalid_schedule",
            "'tme'",
            id="unknown key of a schedule",
        ),
        pytest.param(
            (*JOB, "--schedule", '{"type": "hours",\n "hours" 6}'),
            "invalid_document",
            "--schedule, line 2, column 10",
            id="broken JSON of a schedule",
        ),
        pytest.param(
            (*JOB, "--daily", "06:00", "--sync-days", "0"), "usage", "1 to 30", id="sync days 0"
        ),
        pytest.param(
            (*JOB, "--daily", "06:00", "--sync-days", "31"), "usage", "1 to 30", id="sync days 31"
        ),
        pytest.param(
            (*JOB, "--daily", "06:00", "--status", "READY"),
            "usage",
            "there is no recording status READY",
            id="unknown status",
        ),
        pytest.param(
            (*JOB, "--daily", "06:00", "--set", "skip_lunch=true"),
            "invalid_options",
            "skip_lunch",
            id="unknown processing key",
        ),
        pytest.param(
            (*JOB, "--daily", "06:00", "--set", "skip_trim"),
            "usage",
            "--set takes KEY=VALUE",
            id="assignment without a value",
        ),
        pytest.param(
            ("job", "create", "--template", "lectures", "--daily", "06:00"),
            "usage",
            "a job needs a name",
            id="no name",
        ),
        pytest.param(
            ("template", "create", "New", "--pattern", "lecture ("),
            "invalid_template",
            "lecture (",
            id="bad regex",
        ),
        pytest.param(
            ("template", "create", "New", "--destination", "nowhere"),
            "not_found",
            "there is no destination 'nowhere'",
            id="unknown destination",
        ),
        pytest.param(
            ("template", "delete", "lectures", "--yes"),
            "in_use",
            "'Every evening'",
            id="template in use",
        ),
        pytest.param(
            ("source", "remove", "laptop", "--yes"), "in_use", "'stand-ups'", id="source in use"
        ),
        pytest.param(
            ("source", "add", "phone", "--type", "telephone"),
            "not_found",
            "there is no source type 'telephone'",
            id="unknown type of source",
        ),
        pytest.param(
            ("source", "add", "phone", "--type", "folder", "--option", "path=/", "--option", "a=b"),
            "invalid_options",
            "there is no option 'a'",
            id="unknown option of a source",
        ),
        pytest.param(
            ("source", "update", "laptop", "--secret", "password=env:P"),
            "invalid_options",
            "has no secret password",
            id="unknown secret",
        ),
        pytest.param(
            ("job", "delete", "every-evening"), "usage", "Nobody is there to answer", id="no answer"
        ),
        pytest.param(("job", "delete", "nightly"), "not_found", "", id="no job to delete"),
        pytest.param(("source", "remove", "phone"), "not_found", "", id="no source to remove"),
        pytest.param(("destination", "remove", "shelf"), "not_found", "", id="no destination"),
        pytest.param(("template", "delete", "talks"), "not_found", "", id="no template to delete"),
        pytest.param(("recording", "reset", "1"), "not_found", "", id="no recording to reset"),
        pytest.param(
            ("quota", "set", "--max-jobs", "many"), "usage", "not 'many'", id="quota in words"
        ),
        pytest.param(
            ("quota", "set", "--min-interval-hours", "nan"), "usage", "not 'nan'", id="quota nan"
        ),
        pytest.param(("quota", "set"), "usage", "name a limit", id="quota of nothing"),
        pytest.param(
            ("run", "every-evening", "--since", "yesterday"),
            "usage",
            "there is no day 'yesterday'",
            id="unknown day",
        ),
        pytest.param(
            ("recording", "list", "--status", "lost"), "usage", "lost", id="unknown status filter"
        ),
        pytest.param(("recording", "retry", "1"), "not_found", "", id="unknown recording"),
        pytest.param(("history", "show", "--run", "9"), "not_found", "", id="unknown run"),
        pytest.param(
            ("schedule", "next"), "usage", "name a job or a schedule", id="occurrences of nothing"
        ),
        pytest.param(
            ("schedule", "next", "every-evening", "--daily", "06:00"),
            "usage",
            "not both",
            id="occurrences of two",
        ),
        pytest.param(
            ("schedule", "next", "every-evening", "--after", "noon"),
            "usage",
            "not 'noon'",
            id="after no instant",
        ),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    stocked: Zoomauto, contents: Callable[[], str], words: tuple[str, ...], code: str, message: str
):
    before = contents()
    ended = stocked(*words, "-o", "json")
    document = ended.document
    (problem,) = document["errors"]
    assert (ended.code, ended.err, document["status"], document["data"]) == (2, "", "error", None)
    assert problem["code"] == code
    assert message in problem["message"]
    assert contents() == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("job.json", '{"name": "New",\n "template_ids" [1]}', "line 2, column 17: not valid JSON"),
        ("job.json", '{"name": "New", "name": "Old"}', "the key 'name' stands there twice"),
        ("job.json", '{"name": NaN}', "NaN is not JSON"),
        ("job.json", "[" * 100_000, "nested too deeply"),
        ("job.json", '{"name": "New",\n "x": "\udcff"}', "line 2, column 8: not UTF-8"),
        ("job.json", "[1, 2]", "the document must be a table of keys and values"),
        ("job.json", '{"nmae": "New"}', "the document has no key 'nmae'"),
        ("job.json", '{"sync_config": {"days": 2}}', "sync_config has no key 'days'"),
        ("job.json", '{"template_ids": ["lectures"]}', "template_ids must be a list of numbers"),
        ("job.toml", 'name = "New"\ntemplate_ids = [1', "line 2, column 18, the end"),
        ("job.toml", 'name = "New"\nname = "Old"\n', "line 2, column 13"),
        ("job.toml", '[filters]\nexclude_blank = "yes"', "filters.exclude_blank must be true or"),
    ],
)
def test_a_broken_document_is_refused_with_its_place(
    stocked: Zoomauto,
    contents: Callable[[], str],
    tmp_path: Path,
    name: str,
    content: str,
    message: str,
):
    before = contents()
    file = tmp_path / name
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    ended = stocked("job", "create", "--file", str(file), "-o", "json")
    (problem,) = ended.document["errors"]
    assert (ended.code, problem["code"]) == (2, "invalid_document")
    assert message in problem["message"]
    assert contents() == before


def test_a_missing_document_is_named(stocked: Zoomauto):
    ended = stocked("job", "create", "--file", "nosuch.toml")
    assert (ended.code, ended.err) == (2, "Error: there is no file nosuch.toml.\n")


@pytest.mark.parametrize("word", ["client_secret=hunter2", "hunter2"])
def test_a_refused_secret_is_not_repeated(
    stocked: Zoomauto, contents: Callable[[], str], word: str
):
    before = contents()
    ended = stocked("source", "update", "laptop", "--secret", word, "--verbose")
    assert (ended.code, ended.out, "hunter2" in ended.err) == (2, "", False)
    assert contents() == before


def test_the_sixth_job_is_refused_with_the_command_that_allows_it(stocked: Zoomauto):
    for number in range(4):
        words = ("job", "create", f"Job {number}", "--template", "lectures", "--daily", "06:00")
        assert stocked(*words).code == 0
    ended = stocked("job", "copy", "every-evening", "One more")
    assert (ended.code, ended.err.splitlines()) == (
        2,
        [
            "Error: alice may have 5 jobs and this would be number 6.",
            "  hint: zoomauto quota set --max-jobs 6",
        ],
    )


def test_a_schedule_that_is_too_dense_is_refused_with_the_command_that_allows_it(stocked: Zoomauto):
    ended = stocked("job", "update", "every-evening", "--cron", "0,30 * * * *")
    assert ended.code == 2
    assert ended.err.endswith("  hint: zoomauto quota set --min-interval-hours 0.5\n")
    assert stocked("quota", "set", "--min-interval-hours", "0.5").code == 0
    assert stocked("job", "update", "every-evening", "--cron", "0,30 * * * *").code == 0


def test_a_file_that_is_no_database_ends_with_78(fresh: Zoomauto, tmp_path: Path):
    file = tmp_path / "notes.txt"
    file.write_text("buy milk\n" * 500)
    ended = fresh("job", "list", "--database-url", f"sqlite:///{file}", "-o", "json")
    (problem,) = ended.document["errors"]
    assert (ended.code, problem["code"]) == (78, "configuration")
    assert str(file) in problem["message"]
    assert file.read_text() == "buy milk\n" * 500


def test_a_database_of_a_newer_version_ends_with_78(stocked: Zoomauto, database: Path):
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = database.read_bytes()
    ended = stocked("job", "list", "-o", "json")
    (problem,) = ended.document["errors"]
    assert (ended.code, problem["code"]) == (78, "schema_too_new")
    assert "9999" in problem["message"]
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("timezone = \nowner = 7", "line 1, column 12"),
        ('tiemzone = "UTC"', "unknown settings: tiemzone"),
        ("owner = 7", "owner must be text"),
        ('timezone = "Europe/Atlantis"', "Europe/Atlantis"),
    ],
)
def test_an_unusable_settings_file_ends_with_78(
    fresh: Zoomauto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
):
    monkeypatch.delenv("ZOOMAUTO_TIMEZONE")
    file = tmp_path / "settings.toml"
    file.write_text(content)
    ended = fresh("config", "show", "--config", str(file))
    assert (ended.code, ended.out) == (78, "")
    assert message in ended.err
    assert fresh("config", "path", "--config", str(file)).out == f"{file}\n"
