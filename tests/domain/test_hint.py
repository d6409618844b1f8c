"""Commands in messages."""

import pytest

from zoomauto.domain.hint import named


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("channel", "zoomauto destination login channel"),
        (r"\1 a", r"zoomauto destination login '\1 a'"),
    ],
)
def test_a_command_names_what_it_is_about(name: str, command: str):
    assert named("nobody is there; zoomauto destination login NAME.", name) == (
        f"nobody is there; {command}."
    )


@pytest.mark.parametrize("text", ["", "the server NAME", "env:NAME", "zoomauto job run NAME"])
def test_other_names_stay(text: str):
    assert named(text, "channel") == text
