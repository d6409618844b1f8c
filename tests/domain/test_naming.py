"""Names that any disk takes, whatever people call their meetings."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.naming import (
    LONGEST_PART,
    RESERVED,
    NameFields,
    cut_to_bytes,
    render_name,
    safe_part,
    shown_name,
    validate_pattern,
)
from zoomauto.domain.template import DEFAULT_NAMING
from zoomauto.errors import InvalidTemplate

FACTS = NameFields(
    date="2026-11-23", time="09-30", topic="Weekly Sync", source="zoom", template="all", id="7"
)
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=400)


def named(topic: str, pattern: str = "{topic}") -> str:
    return render_name(pattern, replace(FACTS, topic=topic))


def test_the_default_pattern_says_when_what_and_which():
    assert render_name(DEFAULT_NAMING, FACTS) == "2026-11-23 Weekly Sync [7]"


def test_every_field_can_be_used_and_slashes_make_folders():
    pattern = "{source}/{template}/{date}_{time} {topic} {{{id}}} {part}"
    facts = replace(FACTS, part="2")
    assert render_name(pattern, facts) == "zoom/all/2026-11-23_09-30 Weekly Sync {7} 2"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "empty"),
        ("/srv/{topic}", "empty"),
        ("{date}//{topic}", "empty"),
        ("{date}/", "empty"),
        ("{date}/ ", "empty"),
        ("../{topic}", "lead out"),
        ("{date}/../{topic}", "lead out"),
        ("./{topic}", "lead out"),
        ("{speaker}", "not one of its fields"),
        ("{}", "not one of its fields"),
        ("{0}", "not one of its fields"),
        ("{topic.upper}", "not one of its fields"),
        ("{topic.__class__.__mro__}", "not one of its fields"),
        ("{topic[0]}", "not one of its fields"),
        ("{topic!r}", "not one of its fields"),
        ("{topic:>999999999}", "not one of its fields"),
        ("{topic", "a brace"),
        ("topic}", "a brace"),
        ("{topic}\n", "control"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_the_fields(pattern: str, why: str):
    with pytest.raises(InvalidTemplate, match=why) as refusal:
        validate_pattern(pattern)
    assert refusal.value.hint == (
        "the fields are {date} {time} {topic} {source} {template} {id} {part}"
    )


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("", "untitled"),
        (" \t\n ", "untitled"),
        ("..", "untitled"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c", "a-b-c"),
        ("  two \r\n lines  ", "two lines"),
        (".hidden", "hidden"),
        ("--help", "help"),
        ("the end...", "the end"),
        ("nul\0bell\a", "nulbell"),
        ("safe\u202efdp.exe", "safefdp.exe"),
        ("\ufeffmark\u200b", "mark"),
        ("👩\u200d💻 Пятница", "👩\u200d💻 Пятница"),
        ("e\u0301", "\u00e9"),
        ("bad\udcff", "bad\ufffd"),
        ("{id}", "{id}"),
    ],
)
def test_a_topic_becomes_one_part_of_a_path(topic: str, name: str):
    assert named(topic) == name


def test_a_long_topic_is_cut_so_that_the_rest_of_the_name_stays():
    name = named("я" * 300, DEFAULT_NAMING)
    assert name == f"2026-11-23 {'я' * 100} [7]"
    assert len(name.encode()) <= LONGEST_PART - RESERVED


def test_folders_may_be_as_long_as_the_disk_allows():
    folder, name = named("x" * 300, "{topic}/{topic}").split("/")
    assert (len(folder), len(name)) == (LONGEST_PART, LONGEST_PART - RESERVED)


def test_several_files_are_told_apart_even_if_the_pattern_does_not():
    facts = replace(FACTS, part="2")
    assert render_name("{topic}", facts) == "Weekly Sync part 2"
    assert render_name("{part} {topic}", facts) == "2 Weekly Sync"
    long = render_name("{topic}", replace(facts, topic="x" * 300))
    assert long == "x" * (LONGEST_PART - RESERVED - len(" part 2")) + " part 2"


def test_a_single_file_needs_no_part():
    assert render_name("{topic} {part}", FACTS) == "Weekly Sync"


def test_text_is_cut_between_visible_characters():
    assert [cut_to_bytes("aя", 2), cut_to_bytes("ae\u0301", 2), cut_to_bytes("abc", 3)] == [
        "a",
        "a",
        "abc",
    ]


@given(topic=ANY_TEXT, source=ANY_TEXT, part=st.sampled_from(["", "1", "12"]))
def test_whatever_the_text_every_part_is_safe(topic: str, source: str, part: str):
    facts = replace(FACTS, topic=topic, source=source, part=part)
    name = render_name("{source}/{topic}", facts)
    folder, file = name.split("/")
    for text, most in ((folder, LONGEST_PART), (file, LONGEST_PART - RESERVED)):
        assert 0 < len(text.encode()) <= most
        assert text == text.strip(" .")
        assert text[0] not in ".-"
        assert not {unicodedata.category(character) for character in text} & {"Cc", "Cs"}


@given(ANY_TEXT, st.integers(1, 300))
def test_a_safe_part_stays_as_it_is(text: str, most: int):
    once = safe_part(text, most_bytes=most)
    assert safe_part(once, most_bytes=max(most, len(once.encode()))) == once


def test_people_are_shown_both_ends_of_a_very_long_name():
    assert shown_name("x" * 130) == "x" * 130
    assert shown_name(f"{'x' * 4096} part 2") == f"{'x' * 90} ... {'x' * 33} part 2"
