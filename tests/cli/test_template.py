"""``zoomauto template``."""

from collections.abc import Callable
from typing import Any

import pytest

Zoomauto = Callable[..., Any]


def test_a_template_is_made_from_every_flag(stocked: Zoomauto, settled: Callable[[Any], Any]):
    created = stocked(
        *("template", "create", "seminars", "--description", "On Mondays"),
        *("--exact", "Seminar", "--keyword", "one", "--keyword", "two", "--pattern", "^S[0-9]+"),
        *("--exclude-keyword", "private", "--exclude-pattern", "test$", "--source", "laptop"),
        *("--case-sensitive", "--destination", "folder:/srv/out", "--naming", "{topic}"),
        *("--set", "skip_trim=true", "--set", "trim.threshold_db=-38", "--draft", "-o", "json"),
    )
    assert settled(created.document) == {
        "schema": 1,
        "command": "template create",
        "status": "success",
        "data": {
            "id": 4,
            "owner": "alice",
            "name": "seminars",
            "description": "On Mondays",
            "is_active": True,
            "is_draft": True,
            "matching_rules": {
                "exact_matches": ["Seminar"],
                "keywords": ["one", "two"],
                "patterns": ["^S[0-9]+"],
                "exclude_keywords": ["private"],
                "exclude_patterns": ["test$"],
                "source_ids": [1],
                "case_sensitive": True,
            },
            "processing_config": {"skip_trim": True, "trim": {"threshold_db": -38.0}},
            "output_config": {
                "destinations": ["folder:/srv/out"],
                "artifacts": {},
                "naming": "{topic}",
                "metadata": {},
                "delete_from_source": "never",
                "grace_days": 7,
            },
            "created_at": "...",
            "updated_at": "...",
        },
        "errors": [],
    }
    assert stocked("template", "show", "seminars", "-o", "json").data == created.data


def test_an_update_replaces_the_rules_it_names_and_an_empty_text_clears(stocked: Zoomauto):
    words = ("--pattern", "L[0-9]", "--keyword", "", "--ignore-case")
    updated = stocked("template", "update", "lectures", *words, "-o", "json").data
    assert updated["matching_rules"] == {
        "exact_matches": [],
        "keywords": [],
        "patterns": ["L[0-9]"],
        "exclude_keywords": [],
        "exclude_patterns": [],
        "source_ids": [],
        "case_sensitive": False,
    }


def test_enabling_ends_a_draft(stocked: Zoomauto):
    stocked("template", "create", "new", "--draft")
    assert stocked("template", "enable", "new", "-o", "json").data["is_draft"] is False
    assert stocked("template", "disable", "new", "-o", "json").data["is_active"] is False
    assert stocked("template", "enable", "new", "-o", "json").data["is_active"] is True


@pytest.mark.parametrize(
    ("template", "name", "accepted", "rule", "text"),
    [
        ("lectures", "LECTURE 7", True, "keywords", "lecture"),
        ("lectures", "Coffee", False, "none", None),
        ("stand-ups", "stand-up", True, "exact_matches", "Stand-up"),
        ("the rest", "Coffee", True, "no name rule", None),
    ],
)
def test_a_test_says_which_rule_decided(
    stocked: Zoomauto, template: str, name: str, accepted: bool, rule: str, text: str | None
):
    ended = stocked("template", "test", template, name, "-o", "json")
    data = ended.data
    reason = data.pop("reason")
    assert (ended.code, bool(reason), data) == (
        0,
        True,
        {
            "name": name,
            "template_id": data["template_id"],
            "template": template,
            "accepted": accepted,
            "decided": True,
            "rule": rule,
            "text": text,
        },
    )


def test_a_test_may_name_the_source(stocked: Zoomauto):
    stocked("source", "add", "phone", "--type", "folder", "--option", "path=/")
    ended = stocked("template", "test", "stand-ups", "Stand-up", "--source", "phone")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("rejected by 'stand-ups' (source_ids): ")


def test_a_deleted_template_is_gone(stocked: Zoomauto):
    assert (
        stocked("template", "delete", "the rest", "--yes").out == "template 3 'the rest' deleted\n"
    )
    assert [t["id"] for t in stocked("template", "list", "-o", "json").data] == [1, 2]
