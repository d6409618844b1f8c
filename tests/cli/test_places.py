"""``zoomauto source`` and ``zoomauto destination``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Zoomauto = Callable[..., Any]


def test_a_source_is_added_shown_changed_and_removed(
    zoomauto: Zoomauto, tmp_path: Path, settled: Callable[[Any], Any]
):
    words = ("--type", "folder", "--option", f"path={tmp_path}", "--option", "settle_seconds=60")
    added = zoomauto("source", "add", "laptop", *words, "-o", "json")
    document = {
        "id": 1,
        "owner": "alice",
        "name": "laptop",
        "type": "folder",
        "options": {"path": str(tmp_path), "settle_seconds": 60},
        "secrets": {},
        "is_active": True,
        "listed_until": None,
        "parts_listed_until": {},
        "created_at": "...",
        "updated_at": "...",
    }
    assert (added.code, settled(added.document)) == (
        0,
        {
            "schema": 1,
            "command": "source add",
            "status": "success",
            "data": document,
            "errors": [],
        },
    )
    assert settled(zoomauto("source", "list", "-o", "json").data) == [document]
    changes = ("--name", "desk", "--option", "settle_seconds=")
    changed = zoomauto("source", "update", "laptop", *changes, "-o", "json").data
    document |= {"name": "desk", "options": {"path": str(tmp_path)}}
    assert settled(changed) == document
    assert settled(zoomauto("source", "show", "desk", "-o", "json").data) == document
    assert zoomauto("source", "disable", "1", "-o", "json").data["is_active"] is False
    assert zoomauto("source", "enable", "1", "-o", "json").data["is_active"] is True
    assert zoomauto("source", "remove", "desk", "--yes", "-o", "json").code == 0
    ended = zoomauto("source", "list")
    assert (ended.out, ended.err) == ("", "no sources yet; zoomauto source add --help\n")


def test_a_check_says_fact_by_fact_what_works(ready: Zoomauto, tmp_path: Path):
    works = ready("source", "check", "laptop", "-o", "json")
    assert (works.code, works.data["ok"], works.document["errors"]) == (0, True, [])
    (tmp_path / "Zoom").rmdir()
    broken = ready("source", "check", "laptop", "-o", "json")
    missing = [fact for fact in broken.data["checks"] if not fact["ok"]]
    assert (broken.code, broken.document["status"], broken.data["ok"]) == (1, "error", False)
    assert [problem["code"] for problem in broken.document["errors"]] == ["check_failed"]
    assert missing[0]["detail"] in broken.document["errors"][0]["message"]
    table = ready("source", "check", "laptop")
    assert table.code == 1
    assert table.out.splitlines()[1].split()[1] == "missing"


def test_a_destination_is_added_checked_and_removed(
    zoomauto: Zoomauto, tmp_path: Path, settled: Callable[[Any], Any]
):
    words = ("--type", "folder", "--option", f"path={tmp_path / 'out'}")
    added = zoomauto("destination", "add", "archive", *words, "-o", "json")
    assert settled(added.document) == {
        "schema": 1,
        "command": "destination add",
        "status": "success",
        "data": {
            "id": 1,
            "owner": "alice",
            "name": "archive",
            "type": "folder",
            "options": {"path": str(tmp_path / "out")},
            "secrets": {},
            "created_at": "...",
            "updated_at": "...",
        },
        "errors": [],
    }
    assert zoomauto("destination", "list", "-o", "json").data == [added.data]
    moved = ("--option", f"path={tmp_path / 'new'}")
    changed = zoomauto("destination", "update", "archive", *moved, "-o", "json")
    assert settled(changed.data) == settled(added.data) | {"options": {"path": f"{tmp_path}/new"}}
    assert zoomauto("destination", "show", "archive", "-o", "json").data == changed.data
    assert zoomauto("destination", "check", "archive", "-o", "json").data["ok"] is True
    zoomauto("template", "create", "all", "--destination", "archive")
    used = zoomauto("destination", "remove", "archive", "--yes")
    assert (used.code, "is used by 'all'" in used.err) == (2, True)
    zoomauto("template", "delete", "all", "--yes")
    assert zoomauto("destination", "remove", "archive", "--yes").code == 0
    assert zoomauto("destination", "list", "-o", "json").data == []


def test_results_may_not_become_recordings_again(zoomauto: Zoomauto, tmp_path: Path):
    listed = ("source", "add", "laptop", "--type", "folder", "--option", f"path={tmp_path}/in")
    (tmp_path / "in").mkdir()

    def template(place: str) -> Any:
        return zoomauto("template", "create", place, "--destination", f"folder:{tmp_path}/{place}")

    assert zoomauto(*listed).code == 0
    refused = template("in/out")
    assert (refused.code, zoomauto("template", "list", "-o", "json").data) == (2, [])
    assert "would be taken for a new recording" in refused.err
    assert [template(place).code for place in ("out", "in/.out", "in/../beside")] == [0, 0, 0]
    kept = ("destination", "add", "kept", "--type", "folder", "--option", f"path={tmp_path}/kept")
    assert [
        zoomauto(*kept).code,
        zoomauto("template", "create", "k", "--destination", "kept").code,
    ] == [0, 0]
    into = zoomauto("destination", "update", "kept", "--option", f"path={tmp_path}/in/kept")
    assert (into.code, "would be taken for a new recording" in into.err) == (2, True)
    wider = ("source", "add", "wider", "--type", "folder", "--option", f"path={tmp_path}")
    assert zoomauto(*wider).code == 2
