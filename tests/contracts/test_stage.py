"""What every registered stage promises before it runs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from zoomauto import registry
from zoomauto.domain.options import read_options
from zoomauto.domain.processing import STAGES
from zoomauto.errors import InvalidOptions
from zoomauto.media.tools import Tools
from zoomauto.testing.clock import FrozenClock
from zoomauto.workspace import DiskWorkspace

REGISTERED = sorted(registry.BUILT_IN["stage"])


@pytest.mark.parametrize("name", REGISTERED)
def test_it_has_a_place_in_the_order_of_stages(name: str):
    assert name in STAGES


@pytest.mark.parametrize("name", REGISTERED)
def test_its_options_are_a_frozen_dataclass_with_defaults(name: str):
    adapter = registry.load("stage", name)
    assert adapter.Options.__dataclass_params__.frozen
    assert adapter.Options() == read_options(adapter.Options, {}, where=name)
    assert adapter.__doc__
    assert adapter.Options.__doc__


@pytest.mark.parametrize("name", REGISTERED)
def test_an_unknown_option_is_refused_when_it_is_saved(name: str):
    with pytest.raises(InvalidOptions, match="no_such_option"):
        read_options(registry.load("stage", name).Options, {"no_such_option": 1}, where=name)


@pytest.mark.parametrize("name", REGISTERED)
def test_it_is_made_without_touching_the_disk_or_looking_for_programs(name: str, tmp_path: Path):
    clock = FrozenClock(datetime(2026, 11, 23, tzinfo=UTC))
    workspace = DiskWorkspace(tmp_path / "work")
    tools = Tools(workspace=workspace, clock=clock, ffmpeg_setting="/no/such/ffmpeg")
    adapter = registry.load("stage", name)
    assert callable(adapter(adapter.Options(), tools).run)
    assert list(tmp_path.iterdir()) == []
