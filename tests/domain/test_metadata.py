"""What destinations are told of a recording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.metadata import METADATA_FIELDS, check_metadata, render_metadata
from zoomauto.domain.naming import NameFields
from zoomauto.errors import InvalidTemplate

FACTS = NameFields(
    date="2026-11-23",
    time="09-30",
    topic="Sync: <a/b>",
    source="zoom",
    template="all",
    id="7",
    part="2",
)


def test_every_field_can_be_used_and_values_stay_as_they_are():
    pattern = " ".join(f"{{{field}}}" for field in METADATA_FIELDS)
    metadata = {
        "title": pattern,
        "description": "{{{topic}}}\n\n{chapters}\n",
        "privacy": "private",
    }
    assert render_metadata(metadata, FACTS, chapters="0:00 a\n1:00 b") == {
        "title": "2026-11-23 09-30 Sync: <a/b> zoom all 7 2 0:00 a\n1:00 b",
        "description": "{Sync: <a/b>}\n\n0:00 a\n1:00 b",
        "privacy": "private",
    }


def test_without_chapters_nothing_stands_in_their_place():
    assert render_metadata({"description": "{topic}\n{chapters}"}, FACTS) == {
        "description": "Sync: <a/b>"
    }


@given(st.text())
def test_a_value_is_never_read_as_a_pattern(text: str):
    facts = NameFields(date="", time="", topic=text, source="", template="", id="")
    assert render_metadata({"title": "<{topic}>"}, facts) == {"title": f"<{text}>"}


@pytest.mark.parametrize(
    "pattern", ["{topic.__class__}", "{topic!r}", "{topic:>9}", "{0}", "{}", "{chapter}", "{", "}"]
)
def test_only_fields_in_braces_mean_something(pattern: str):
    with pytest.raises(InvalidTemplate, match="cannot be used") as refused:
        check_metadata({"title": "fine", "description": pattern})
    assert "{chapters}" in (refused.value.hint or "")


@pytest.mark.parametrize("key", ["", "two words", "1st", "a-b", "a.b"])
def test_a_key_is_a_word(key: str):
    with pytest.raises(InvalidTemplate, match="metadata cannot be called"):
        check_metadata({key: "{topic}"})


def test_what_can_be_rendered_is_not_refused():
    check_metadata({"title": "{topic} {{sic}}", "made_for_kids": "no"})
