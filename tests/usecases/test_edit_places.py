"""Sources, destinations and templates: saved, changed, and kept while something needs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.source import Check
from zoomauto.domain.template import MatchingRules, OutputConfig
from zoomauto.errors import (
    AlreadyExists,
    InUse,
    InvalidOptions,
    InvalidTemplate,
    NotFound,
    UsageError,
    ZoomautoError,
)
from zoomauto.usecases.edit_destinations import (
    AddDestination,
    CheckDestination,
    ListDestinations,
    RemoveDestination,
    ShowDestination,
    UpdateDestination,
)
from zoomauto.usecases.edit_sources import (
    CheckSource,
    ListSources,
    RemoveSource,
    ShowSource,
    SourceChange,
    UpdateSource,
)
from zoomauto.usecases.edit_templates import (
    DeleteTemplate,
    ListTemplates,
    ShowTemplate,
    TemplateChange,
    UpdateTemplate,
    destination_parts,
)

if TYPE_CHECKING:
    from tests.usecases.conftest import World
    from zoomauto.domain.source import DestinationConfig

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def update_source(world: World, reference: str, /, **change: Any) -> Any:
    return UpdateSource(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, reference, SourceChange(**change)
    )


def update_template(world: World, reference: str, /, **change: Any) -> Any:
    return UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, reference, TemplateChange(**change)
    )


def add_destination(world: World, name: str = "Archive") -> DestinationConfig:
    return AddDestination(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, name, type_name="fake", options={"path": "/out"}, secrets={}
    )


def test_source_options_are_laid_over_each_other_and_an_empty_one_goes(world: World):
    source = world.add_source(
        "Folder", options={"path": "/in", "settle": "5"}, secrets={"key": "env:KEY"}
    )
    world.clock.move_to(NOON + timedelta(hours=1))

    update_source(world, "Folder", options={"settle": "", "depth": "2"}, name="Films")

    changed = ShowSource(store=world.store)(OWNER, f"id:{source.id}")
    assert (changed.name, changed.options, changed.secrets) == (
        "Films",
        {"path": "/in", "depth": "2"},
        {"key": "env:KEY"},
    )
    assert (changed.created_at, changed.updated_at) == (NOON, NOON + timedelta(hours=1))


@pytest.mark.parametrize("name", ["", "  "])
def test_a_source_needs_a_name(world: World, name: str):
    with pytest.raises(UsageError, match="needs a name"):
        update_source(world, "Zoom", name=name)


def test_a_taken_source_name_is_refused(world: World):
    with pytest.raises(AlreadyExists):
        world.add_source("Zoom")


def test_a_source_that_a_template_names_is_kept(world: World):
    update_template(world, "Lectures", sources=("Zoom",))
    remove = RemoveSource(store=world.store)

    with pytest.raises(InUse, match="named by the template 'Lectures'"):
        remove(OWNER, "Zoom")

    update_template(world, "Lectures", sources=())
    remove(OWNER, "Zoom")
    assert ListSources(store=world.store)(OWNER) == []


def test_a_removed_source_takes_its_recordings_along(world: World):
    world.record()
    world.run()

    RemoveSource(store=world.store)(OWNER, "Zoom")

    assert world.recordings() == []


def test_checks_say_what_the_adapter_says(world: World):
    world.record()
    add_destination(world)

    check = CheckSource(store=world.store, clock=world.clock, adapters=world.adapters)
    assert check(OWNER, "Zoom") == (Check(name="reachable", ok=True, detail="1 recordings"),)
    assert CheckDestination(store=world.store, adapters=world.adapters)(OWNER, "Archive") == (
        Check(name="writable", ok=True, detail="in memory"),
    )


def test_a_named_destination_is_published_to_and_kept_while_it_is_used(world: World):
    added = add_destination(world)
    update_template(world, "Lectures", destinations=("Archive",))
    world.record()
    world.run()
    remove = RemoveDestination(store=world.store)

    assert world.destination.objects == {"Lecture.mp4": b"film cut"}
    assert ShowDestination(store=world.store)(OWNER, "Archive") == added
    with pytest.raises(InUse, match="'Archive' is used by 'Lectures'"):
        remove(OWNER, "Archive")

    update_template(world, "Lectures", destinations=())
    remove(OWNER, "Archive")
    assert ListDestinations(store=world.store)(OWNER) == []


def test_a_destination_is_changed_while_it_is_used_and_stays_itself(world: World):
    added = add_destination(world)
    update_template(world, "Lectures", destinations=("Archive",))
    update = UpdateDestination(store=world.store, clock=world.clock, adapters=world.adapters)
    world.clock.move_to(NOON + timedelta(hours=1))

    update(OWNER, "Archive", options={"depth": "2"}, secrets={"key": "env:KEY"})
    changed = update(OWNER, "Archive", options={"depth": "", "size": "1"}, secrets={})

    assert changed == replace(
        added,
        options={"path": "/out", "size": "1"},
        secrets={"key": "env:KEY"},
        updated_at=NOON + timedelta(hours=1),
    )
    assert ListDestinations(store=world.store)(OWNER) == [changed]


@pytest.mark.parametrize("name", ["", "folder:/out"])
def test_a_destination_name_cannot_be_mistaken_for_a_place(world: World, name: str):
    with pytest.raises(UsageError, match="name without a colon"):
        add_destination(world, name)


def test_a_destination_is_a_stored_name_or_a_type_with_a_path():
    assert destination_parts("folder:/a:b", ()) == ("folder", {"path": "/a:b"}, {})
    with pytest.raises(NotFound, match="no destination 'Archive'"):
        destination_parts("Archive", ())
    with pytest.raises(NotFound):
        destination_parts("folder:", ())


def test_a_template_is_changed_part_by_part(world: World):
    world.add_source("Folder")
    update_template(world, "Lectures", keywords=("lecture",), sources=("Folder", "Zoom", "Folder"))

    changed = update_template(
        world, "Lectures", patterns=(r"\d+",), settings={"trim.level": "2"}, naming="{topic}"
    )

    assert changed == ShowTemplate(store=world.store)(OWNER, "Lectures")
    assert changed.rules == MatchingRules(
        keywords=("lecture",), patterns=(r"\d+",), source_ids=(2, 1)
    )
    assert changed.output == OutputConfig(destinations=("fake:/out",), naming="{topic}")
    assert changed.processing_config == {"trim": {"level": 2}}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": " "}, UsageError),
        ({"patterns": ("(",)}, InvalidTemplate),
        ({"naming": "{nothing}"}, UsageError),
        ({"sources": ("Nowhere",)}, NotFound),
        ({"destinations": ("Nowhere",)}, NotFound),
        ({"settings": {"trim.levle": "1"}}, InvalidOptions),
    ],
)
def test_an_unusable_template_is_refused_and_nothing_is_saved(
    world: World, change: dict[str, Any], error: type[ZoomautoError]
):
    before = ListTemplates(store=world.store)(OWNER)

    with pytest.raises(error):
        update_template(world, "Lectures", **change)

    assert ListTemplates(store=world.store)(OWNER) == before


def test_a_template_that_a_job_uses_is_kept(world: World):
    world.add_template("Spare")
    delete = DeleteTemplate(store=world.store)

    with pytest.raises(InUse, match="'Lectures' is used by job 'Daily'"):
        delete(OWNER, "Lectures")
    delete(OWNER, "Spare")

    assert [t.name for t in ListTemplates(store=world.store)(OWNER)] == ["Lectures"]


def test_owners_do_not_see_each_others_things(world: World):
    add_destination(world)

    assert ListSources(store=world.store)("bob") == []
    assert ListTemplates(store=world.store)("bob") == []
    assert ListDestinations(store=world.store)("bob") == []
    with pytest.raises(NotFound):
        ShowSource(store=world.store)("bob", "Zoom")
