"""The processing config: checked when it is saved, cascaded when it is used."""

from dataclasses import dataclass
from typing import Any

import pytest

from zoomauto.domain.processing import (
    Flags,
    ProcessingConfig,
    cascade,
    check_processing_config,
    with_settings,
)
from zoomauto.errors import InvalidOptions


@dataclass(frozen=True, kw_only=True)
class TrimOptions:
    """As a stage declares them."""

    threshold_db: float = -40.0
    padding_seconds: float = 2.0


STAGES: dict[str, type] = {"trim": TrimOptions}


def test_the_last_layer_that_names_a_key_decides():
    template = {"auto_upload": False, "trim": {"threshold_db": -38.0, "padding_seconds": 1.0}}
    job = {"auto_upload": True, "skip_topics": True, "trim": {"padding_seconds": 0.0}}

    assert cascade(template, job) == ProcessingConfig(
        flags=Flags(auto_upload=True, skip_topics=True),
        tables={"trim": {"threshold_db": -38.0, "padding_seconds": 0.0}},
    )


def test_without_layers_the_defaults_count_and_no_layer_is_changed():
    template = {"trim": {"threshold_db": -38.0}}

    cascade(template, {"trim": {"threshold_db": -1.0}})

    assert cascade() == ProcessingConfig()
    assert template == {"trim": {"threshold_db": -38.0}}


def test_a_table_may_belong_to_a_stage_of_a_third_party():
    given = {"auto_upload": False, "stamp": {"padding_seconds": "1"}}
    known = {**STAGES, "stamp": TrimOptions}

    assert check_processing_config(given, known) == {
        "auto_upload": False,
        "stamp": {"padding_seconds": 1.0},
    }
    assert cascade(given, {"stamp": {"padding_seconds": 2.0}}).tables == {
        "stamp": {"padding_seconds": 2.0}
    }


def test_an_empty_table_can_be_set_from_the_command_line():
    assert with_settings({}, {"stamp": "{}"}) == {"stamp": {}}


def test_values_are_read_from_text_and_only_what_was_given_is_kept():
    given = {"skip_trim": "yes", "auto_upload": False, "trim": {"threshold_db": "-38"}}

    assert check_processing_config(given, STAGES) == {
        "skip_trim": True,
        "auto_upload": False,
        "trim": {"threshold_db": -38.0},
    }


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"skip_tirm": True}, "processing_config: there is no option 'skip_tirm'"),
        ({"trim": {"treshold": 1}}, "processing_config.trim: there is no option 'treshold'"),
        (
            {"stamp": {}},
            "processing_config.stamp: there is no stamp stage, so it takes no options",
        ),
        ({"trim": 3}, "processing_config.trim must be a table of options, not 3"),
        (
            {"topics": {}},
            "processing_config.topics: there is no topics stage, so it takes no options",
        ),
        (
            {"auto_upload": "perhaps"},
            (
                "processing_config: 'auto_upload' cannot be 'perhaps':"
                " input should be a valid boolean, unable to interpret input"
            ),
        ),
    ],
)
def test_what_is_unknown_or_unusable_is_refused(config: dict[str, Any], message: str):
    with pytest.raises(InvalidOptions) as caught:
        check_processing_config(config, STAGES)

    assert caught.value.message == message


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Options that only together say whether they are usable."""

    engine: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        """Refuse an engine without an address."""
        if self.engine and not self.address:
            raise InvalidOptions("an engine needs an address")


ENGINE: dict[str, type] = {"transcription": EngineOptions}
ONLY_ENGINE = {"transcription": {"engine": "http"}}
ONLY_ADDRESS = {"transcription": {"address": "there"}}


def test_a_table_is_judged_with_what_lies_beneath_it_and_kept_without():
    kept = check_processing_config(ONLY_ENGINE, ENGINE, templates={"lectures": ONLY_ADDRESS})

    assert kept == ONLY_ENGINE


@pytest.mark.parametrize(
    ("config", "templates", "message"),
    [
        (ONLY_ENGINE, {}, "an engine needs an address"),
        (ONLY_ENGINE, {"lectures": {}}, "an engine needs an address"),
        (ONLY_ENGINE, {"lectures": ONLY_ADDRESS, "talks": {}}, "an engine needs an address"),
        (
            {"transcription": {"address": ""}},
            {"lectures": ONLY_ADDRESS, "talks": {"transcription": {"engine": "http"}}},
            "over template 'talks': an engine needs an address",
        ),
    ],
)
def test_every_template_beneath_a_config_must_make_it_whole(
    config: dict[str, Any], templates: dict[str, dict[str, Any]], message: str
):
    with pytest.raises(InvalidOptions) as caught:
        check_processing_config(config, ENGINE, templates=templates)

    assert caught.value.message == message


def test_settings_are_laid_over_a_config_and_reach_into_tables():
    config = {"auto_upload": True, "trim": {"threshold_db": -38.0}}

    merged = with_settings(
        config, {"skip_trim": "1", "trim.padding_seconds": "0", "upload.a.b": "c"}
    )

    assert merged == {
        "auto_upload": True,
        "skip_trim": "1",
        "trim": {"threshold_db": -38.0, "padding_seconds": "0"},
        "upload": {"a.b": "c"},
    }
    assert config == {"auto_upload": True, "trim": {"threshold_db": -38.0}}


def test_a_switch_has_no_keys():
    with pytest.raises(InvalidOptions, match="'skip_trim' is a switch and has no key 'x'"):
        with_settings({"skip_trim": True}, {"skip_trim.x": "1"})
