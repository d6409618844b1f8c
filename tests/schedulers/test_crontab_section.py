"""The managed section among other people's bytes, without any crontab."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.crontab.section import Mark, find_section, outside, with_section

ANN = Mark(owner="ann", installation="ab12")
BOB = Mark(owner="bob", installation="ab12")
ENTRIES = b"0 6 * * * /bin/true\n"

#: Any bytes at all, with pieces that look like ours strewn in, but no marker.
foreign = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from([b"\n", b"\r\n", b"A = b\n", b"BEGIN zoomauto", b"\xff%\\", b"#zoomauto"]),
    ),
    max_size=12,
).map(lambda parts: re.sub(rb"(BEGIN|END)[ \t]+zoomauto", b"", b"".join(parts)))


def test_a_section_goes_to_the_end_of_what_is_there():
    assert with_section(b"MAILTO=me\n\n# mine\n", ANN, ENTRIES) == (
        b"MAILTO=me\n\n# mine\n"
        b"# BEGIN zoomauto ann ab12\n"
        b"# Made by zoomauto: change jobs with its commands, not here.\n"
        b"0 6 * * * /bin/true\n"
        b"# END zoomauto ann ab12\n"
    )


@given(before=foreign, after=foreign, body=foreign)
def test_no_byte_outside_the_section_ever_changes(before: bytes, after: bytes, body: bytes):
    if before:
        before += b"\n"
    first = with_section(before, ANN, b"old\n")
    assert first
    changed = with_section(first + after, ANN, body + b"\n")
    assert changed
    assert outside(changed, ANN) == (before, after)
    assert find_section(changed, ANN).body == body + b"\n"  # type: ignore[union-attr]  # it is there
    assert with_section(changed, ANN, None) == before + after


def test_the_one_addition_is_a_missing_final_newline():
    changed = with_section(b"0 1 * * * true", ANN, ENTRIES)
    assert outside(changed or b"", ANN) == (b"0 1 * * * true\n", b"")


def test_two_owners_and_two_installations_share_one_crontab():
    marks = (ANN, BOB, Mark(owner="ann", installation="cd34"), Mark(owner="ä b", installation="x"))
    text: bytes | None = b"# mine\n"
    for mark in marks:
        text = with_section(text, mark, f"1 1 * * * {mark.installation}\n".encode())
    for mark in marks:
        text = with_section(text, mark, None)
    assert text == b"# mine\n"


def test_owners_become_one_harmless_word_each():
    assert Mark(owner="a b\n=\u00e4", installation="ab").begin == (
        b"# BEGIN zoomauto a=20b=0A=3D=C3=A4 ab\n"
    )


def test_a_crontab_that_came_with_the_first_section_goes_with_the_last():
    text = with_section(with_section(None, ANN, ENTRIES), BOB, ENTRIES)
    text = with_section(text, ANN, None)
    assert text
    assert with_section(text, BOB, None) is None


def test_an_empty_crontab_that_was_there_before_stays():
    assert with_section(with_section(b"", ANN, ENTRIES), ANN, None) == b""


def test_a_crontab_of_ours_stays_once_others_write_into_it():
    ours = with_section(None, ANN, ENTRIES)
    assert ours
    assert with_section(ours + b"# theirs\n", ANN, None) == b"# theirs\n"


def test_without_a_section_there_is_nothing_to_remove():
    assert with_section(None, ANN, None) is None
    assert with_section(b"x", ANN, None) == b"x"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(b"\n%B0 1 * * * x\n", "line 1|in line 2", id="no end"),
        pytest.param(b"a\nb\n%E", "line 3", id="no begin"),
        pytest.param(b"%E\n%B", "line 1", id="reversed"),
        pytest.param(b"%B%E%B%E", "line 3", id="doubled"),
        pytest.param(b"%B%B%E%E", "line 2", id="nested in itself"),
        pytest.param(b"%B# BEGIN zoomauto bob ab12\n%E", "line 2", id="another inside"),
        pytest.param(b"%B x\n#  END zoomauto ann ab12\n", "line 3", id="damaged end"),
        pytest.param(b"x\n# BEGIN zoomauto ann ab12 \n%E", "line 2", id="damaged begin"),
        pytest.param(b"%B# END zoomauto ann ab12", "line 2", id="end without newline"),
    ],
)
def test_markers_out_of_order_are_refused_with_the_line(text: bytes, line: str):
    broken = text.replace(b"%B", ANN.begin).replace(b"%E", ANN.end)
    for body in (ENTRIES, None):
        with pytest.raises(ConfigurationError, match=line):
            with_section(broken, ANN, body)


def test_entries_cannot_smuggle_a_marker_in():
    with pytest.raises(ConfigurationError):
        with_section(b"", ANN, ANN.end)
