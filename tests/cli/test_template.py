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
    reason, preview = data.pop("reason"), data.pop("name_preview")
    assert (ended.code, bool(reason), preview.endswith(f" {name} [1]"), data) == (
        0,
        True,
        True,
        {
            "name": name,
            "template_id": data["template_id"],
            "template": template,
            "accepted": accepted,
            "decided": True,
            "rule": rule,
            "text": text,
            "metadata_preview": {},
        },
    )


def test_a_test_previews_the_name_and_what_destinations_are_told(stocked: Zoomauto):
    words = ("--naming", "{template}/{topic}", "--metadata", "title={topic} of {source}")
    stocked("template", "update", "lectures", *words, "--metadata", "description={chapters}")
    ended = stocked("template", "test", "lectures", "Lecture 7: Trees", "-o", "json")
    chapters = ["0:00 First topic", "5:00 Second topic", "10:00 Third topic"]
    assert (ended.data["name_preview"], ended.data["metadata_preview"]) == (
        "lectures/Lecture 7: Trees",
        {"title": "Lecture 7: Trees of laptop", "description": "\n".join(chapters)},
    )
    lines = stocked("template", "test", "lectures", "Lecture 7: Trees").out.splitlines()
    assert [line.split(maxsplit=1) for line in lines[1:]] == [
        ["published", "as:  lectures/Lecture 7: Trees"],
        ["title:", "Lecture 7: Trees of laptop"],
        ["description:", " / ".join(chapters)],
    ]
    assert len(stocked("template", "test", "lectures", "Coffee").out.splitlines()) == 1


def test_a_template_chooses_artifacts_and_metadata(stocked: Zoomauto):
    created = stocked(
        *("template", "create", "chosen", "--destination", "folder:/srv/a=b"),
        *("--artifacts", "folder:/srv/a=b=video,subtitles", "--metadata", "title=a=b {topic}"),
        *("-o", "json"),
    )
    output = created.data["output_config"]
    assert (output["artifacts"], output["metadata"]) == (
        {"folder:/srv/a=b": ["video", "subtitles"]},
        {"title": "a=b {topic}"},
    )
    shown = stocked("template", "show", "chosen").out
    assert "given to folder:/srv/a=b:  video, subtitles" in shown
    assert "a=b {topic}" in shown
    words = ("--artifacts", "folder:/srv/a=b=", "--metadata", "title=", "-o", "json")
    output = stocked("template", "update", "chosen", *words).data["output_config"]
    assert (output["artifacts"], output["metadata"]) == ({}, {})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--artifacts", "video"), "--artifacts"),
        (("--artifacts", "folder:/x=video"), "'folder:/x' is no destination of this template"),
        (("--metadata", "title"), "--metadata"),
        (("--metadata", "title={no}"), "{no} is not one of its fields"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(
    stocked: Zoomauto, words: tuple[str, ...], message: str
):
    ended = stocked("template", "update", "lectures", *words)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


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


def test_a_destination_is_asked_only_for_what_it_takes(zoomauto: Zoomauto):
    zoomauto("destination", "add", "tube", "--type", "youtube", "--option", "client_id=c")
    made = zoomauto("template", "create", "t", "--destination", "tube", "-o", "json")
    assert made.data["output_config"]["artifacts"] == {"tube": ["video", "subtitles"]}
    films = zoomauto("template", "update", "t", "--artifacts", "tube=video", "-o", "json")
    assert films.data["output_config"]["artifacts"] == {"tube": ["video"]}
    refused = zoomauto("template", "update", "t", "--artifacts", "tube=video,chapters")
    assert (refused.code, refused.err) == (
        2,
        "Error: 'tube' takes no chapters.\n  hint: it takes subtitles, video\n",
    )


def test_the_description_of_a_template_is_not_that_of_its_results(stocked: Zoomauto):
    words = ("--description", "What we hear", "--metadata", "description={topic}")
    assert stocked("template", "update", "lectures", *words).code == 0
    shown = [
        line.split(":", 1) for line in stocked("template", "show", "lectures").out.splitlines()
    ]
    told = {key: value.strip() for key, value in shown}
    assert (told["description"], told["metadata description"]) == ("What we hear", "{topic}")
