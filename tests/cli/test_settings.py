"""``zoomauto config``, ``database`` and ``quota``."""

from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any

import pytest

Zoomauto = Callable[..., Any]


def test_settings_are_shown_with_where_they_came_from(
    fresh: Zoomauto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "settings.toml"
    file.write_text('workspace = "/srv/work"\ntimezone = "Asia/Tokyo"\nparallel = 4\n')
    monkeypatch.setenv("ZOOMAUTO_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("ZOOMAUTO_CONFIG", str(file))
    url = "postgresql://bob:hunter2@db/zoom?sslpassword=hunter3"
    ended = fresh("config", "show", "--database-url", url, "-o", "json")
    home = tmp_path / "home" / ".local"
    assert (ended.code, ended.err, ended.data) == (
        0,
        "",
        {
            "config_file": str(file),
            "settings": {
                "database_url": {
                    "value": "postgresql://bob:***@db/zoom?sslpassword=***",
                    "origin": "flag",
                },
                "workspace": {"value": "/srv/work", "origin": "file"},
                "owner": {"value": "alice", "origin": "environment"},
                "timezone": {"value": "Europe/Berlin", "origin": "environment"},
                "ffmpeg": {"value": None, "origin": "default"},
                "log_file": {
                    "value": str(home / "state" / "zoomauto" / "zoomauto.log"),
                    "origin": "default",
                },
                "state_folder": {"value": str(home / "state" / "zoomauto"), "origin": "default"},
                "parallel": {"value": "4", "origin": "file"},
                "nice": {"value": "10", "origin": "default"},
                "on_failure": {"value": None, "origin": "default"},
            },
        },
    )


def test_the_path_of_the_settings_is_said_whether_or_not_there_is_a_file(
    fresh: Zoomauto, tmp_path: Path
):
    ended = fresh("config", "path", "-o", "json")
    file = tmp_path / "home" / ".config" / "zoomauto" / "config.toml"
    assert (ended.code, ended.data) == (0, {"config_file": str(file), "exists": False})


def test_a_check_of_the_settings_makes_nothing(
    fresh: Zoomauto, tmp_path: Path, component: Callable[[object, str], None]
):
    component(which("ffmpeg"), "ffmpeg")
    ended = fresh("config", "check", "-o", "json")
    assert (ended.code, ended.data["ok"]) == (0, True)
    assert [fact["name"] for fact in ended.data["checks"]] == [
        "settings file",
        "database",
        "ffmpeg",
        "timezone",
        "workspace",
        "log_file",
    ]
    assert "ffmpeg version" in ended.data["checks"][2]["detail"]
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("ZOOMAUTO_PARALLEL", "0", "parallel must be a number from 1 to 32, not '0'"),
        ("ZOOMAUTO_PARALLEL", "many", "parallel must be a number from 1 to 32, not 'many'"),
        ("ZOOMAUTO_NICE", "-5", "nice must be a number from 0 to 19, not '-5'"),
    ],
)
def test_numbers_out_of_range_are_refused_with_where_they_came_from(
    fresh: Zoomauto, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
):
    monkeypatch.setenv(variable, value)
    ended = fresh("source", "list")
    assert ended.code == 78
    assert f"{message} (from environment)" in ended.err


@pytest.mark.parametrize(
    ("variable", "value", "fact"),
    [
        ("ZOOMAUTO_FFMPEG", "/nowhere/ffmpeg", "ffmpeg"),
        ("ZOOMAUTO_FFMPEG", "/bin/false", "ffmpeg"),
        ("ZOOMAUTO_DATABASE_URL", "mysql://db/zoom", "database"),
        ("ZOOMAUTO_DATABASE_URL", "sqlite:////bin/false", "database"),
    ],
)
def test_a_check_of_settings_that_lead_nowhere_ends_with_78(
    fresh: Zoomauto, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, fact: str
):
    monkeypatch.setenv(variable, value)
    ended = fresh("config", "check", "-o", "json")
    broken = [check["name"] for check in ended.data["checks"] if not check["ok"]]
    assert (ended.code, ended.document["status"], fact in broken) == (78, "error", True)


def test_a_database_is_looked_at_made_and_copied(fresh: Zoomauto, database: Path, tmp_path: Path):
    url = f"sqlite:///{database}"
    before = fresh("database", "status", "-o", "json")
    assert (before.code, before.data["url"], before.data["state"]) == (0, url, "missing")
    assert not database.exists()
    assert fresh("database", "status").err == "next: zoomauto database upgrade\n"
    made = fresh("database", "upgrade", "-o", "json")
    assert (made.code, made.data["state"], made.data["counts"]["automation_jobs"]) == (
        0,
        "current",
        0,
    )
    copy = tmp_path / "copy.db"
    backup = fresh("database", "backup", "copy.db", "-o", "json")
    assert (backup.code, backup.data) == (
        0,
        {"file": str(copy), "size_bytes": copy.stat().st_size},
    )
    again = fresh("database", "backup", "copy.db")
    assert (again.code, again.out) == (2, "")
    assert fresh("job", "list", "--database-url", f"sqlite:///{copy}").code == 0


def test_a_quota_is_shown_and_set(stocked: Zoomauto):
    shown = stocked("quota", "show", "-o", "json")
    assert shown.document == {
        "schema": 1,
        "command": "quota show",
        "status": "success",
        "data": {
            "owner": "alice",
            "max_automation_jobs": 5,
            "min_automation_interval_hours": 1.0,
            "jobs": 1,
        },
        "errors": [],
    }
    words = ("--max-jobs", "unlimited", "--min-interval-hours", "0.5")
    changed = stocked("quota", "set", *words, "-o", "json").data
    assert changed == shown.data | {
        "max_automation_jobs": None,
        "min_automation_interval_hours": 0.5,
    }
    assert stocked("quota", "set", "--min-interval-hours", "none").out.splitlines() == [
        "owner:                alice",
        "jobs:                 1 of unlimited",
        "between occurrences:  any time",
    ]
