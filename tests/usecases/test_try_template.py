"""What a template says to a name, and what a recording of that name would be called."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.errors import NotFound
from zoomauto.usecases.edit_templates import TemplateChange, UpdateTemplate
from zoomauto.usecases.try_template import Trial, TryTemplate

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
EVENING = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)


def update(world: World, **change: Any) -> None:
    UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Lectures", TemplateChange(**change)
    )


def attempt(world: World, name: str = "Algebra II", source: str | None = None) -> Trial:
    world.clock.move_to(EVENING)
    trying = TryTemplate(store=world.store, clock=world.clock, timezone="Europe/Moscow")
    return trying(OWNER, "Lectures", name, source)


@pytest.mark.parametrize(
    ("source", "accepted", "rule"),
    [(None, True, "keywords"), ("Folder", True, "keywords"), ("Zoom", False, "source_ids")],
)
def test_trying_a_template_names_the_rule_that_decides(
    world: World, source: str | None, accepted: bool, rule: str
):
    world.add_source("Folder")
    update(world, keywords=("algebra",), sources=("Folder",))
    verdict = attempt(world, source=source).verdict
    assert (verdict.accepted, verdict.rule) == (accepted, rule)


def test_the_preview_fills_every_pattern_with_the_name_and_samples_as_of_now(world: World):
    patterns = {
        "title": "{topic} ({part})",
        "description": "{source}, {template}, {id}, {date} {time}\n{chapters}",
    }
    update(world, naming="{source}/{date} {time} {topic} [{id}]", metadata=patterns)
    trial = attempt(world, "Algebra: a/b {x}")
    assert (trial.name, trial.metadata) == (
        "Zoom/2026-03-11 01-30 Algebra: a-b {x} [1]",
        {
            "title": "Algebra: a/b {x} ()",
            "description": "Zoom, Lectures, 1, 2026-03-11 01-30\n"
            "0:00 First topic\n5:00 Second topic\n10:00 Third topic",
        },
    )


def test_the_preview_names_the_source_that_is_asked_for_or_allowed(world: World):
    world.add_source("Folder")
    update(world, naming="{source}")
    assert attempt(world).name == "Zoom"
    assert attempt(world, source="Folder").name == "Folder"
    update(world, sources=("Folder",))
    assert attempt(world).name == "Folder"


def test_an_unknown_source_cannot_be_tried(world: World):
    with pytest.raises(NotFound):
        attempt(world, source="Nowhere")
