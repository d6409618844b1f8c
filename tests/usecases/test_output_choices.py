"""Which artifacts a destination is given, and what it is told, as templates keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.recording import FileKind
from zoomauto.domain.template import OutputConfig
from zoomauto.errors import InvalidTemplate
from zoomauto.usecases.edit_destinations import AddDestination
from zoomauto.usecases.edit_templates import ShowTemplate, TemplateChange, UpdateTemplate

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"


@pytest.fixture
def two(world: World) -> World:
    """Template ``Lectures`` publishes to ``Archive`` and ``Channel``."""
    add = AddDestination(store=world.store, clock=world.clock, adapters=world.adapters)
    for name in ("Archive", "Channel"):
        add(OWNER, name, type_name="fake", options={"path": f"/{name}"}, secrets={})
    update(world, destinations=("Archive", "Channel"))
    return world


def update(world: World, **change: Any) -> OutputConfig:
    changed = UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Lectures", TemplateChange(**change)
    )
    assert ShowTemplate(store=world.store)(OWNER, "Lectures") == changed
    return changed.output


def test_a_choice_is_kept_in_its_order_once_and_without_spaces(two: World):
    output = update(two, artifacts={"Channel": " video, subtitles,video ,"})
    assert output.artifacts == {"Channel": ("video", "subtitles")}


def test_choices_are_laid_over_each_other_and_an_empty_one_goes_back_to_the_default(two: World):
    update(two, artifacts={"Archive": "audio", "Channel": "video"})
    assert update(two, artifacts={"Archive": "chat"}).artifacts == {
        "Archive": ("chat",),
        "Channel": ("video",),
    }
    assert update(two, artifacts={"Archive": ""}).artifacts == {"Channel": ("video",)}


def test_a_choice_goes_with_its_destination(two: World):
    update(two, artifacts={"Archive": "audio", "Channel": "video"})
    assert update(two, destinations=("Channel",)).artifacts == {"Channel": ("video",)}
    assert update(two, destinations=("Archive",)).artifacts == {}


@pytest.mark.parametrize(
    ("artifacts", "message"),
    [
        ({"Nowhere": "video"}, "'Nowhere' is no destination of this template"),
        ({"Channel": "video,film"}, "there is no kind of artifact 'film'"),
        ({"Channel": "captions"}, "there is no kind of artifact 'captions'"),
    ],
)
def test_a_choice_of_what_there_is_not_is_refused(
    two: World, artifacts: dict[str, str], message: str
):
    before = ShowTemplate(store=two.store)(OWNER, "Lectures")
    with pytest.raises(InvalidTemplate, match=message):
        update(two, artifacts=artifacts)
    assert ShowTemplate(store=two.store)(OWNER, "Lectures") == before


def test_without_a_choice_everything_but_the_chat_is_wanted(two: World):
    output = update(two, artifacts={"Channel": "chat,video"})
    wanted = {
        place: [kind for kind in FileKind if output.is_wanted(kind, at=place)]
        for place in output.destinations
    }
    assert wanted == {
        "Archive": ["video", "audio", "transcript", "subtitles", "chapters"],
        "Channel": ["video", "chat"],
    }
    anywhere = [kind for kind in FileKind if output.is_wanted(kind)]
    assert set(FileKind) - set(anywhere) == {FileKind.CAPTIONS, FileKind.OTHER}


def test_metadata_is_laid_over_and_an_empty_pattern_takes_a_key_away(world: World):
    update(world, metadata={"title": "{topic}", "tags": "math"})
    output = update(world, metadata={"tags": "", "description": "{chapters}"})
    assert output.metadata == {"title": "{topic}", "description": "{chapters}"}


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"title": "{subject}"}, "{subject} is not one of its fields"),
        ({"title": "{topic"}, "a brace is not closed"),
        ({"two words": "{topic}"}, "metadata cannot be called 'two words'"),
    ],
)
def test_metadata_that_cannot_be_rendered_is_refused(
    world: World, metadata: dict[str, str], message: str
):
    with pytest.raises(InvalidTemplate, match=message):
        update(world, metadata=metadata)
