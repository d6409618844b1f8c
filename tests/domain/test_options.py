"""Options: plain mappings in, validated frozen dataclasses out."""

from dataclasses import dataclass
from typing import Any

import pytest

from zoomauto.domain.options import option_names, read_options
from zoomauto.errors import InvalidOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """As an adapter declares them."""

    path: str
    settle_seconds: float = 0.0
    deep: bool = False
    users: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what the types cannot."""
        if self.settle_seconds < 0:
            raise ValueError("Must not be negative")
        if self.path == "/":
            raise InvalidOptions("the root folder is no source", hint="a folder below it")


@dataclass(frozen=True, kw_only=True, slots=True)
class NoOptions:
    """Nothing to choose."""


def test_text_becomes_what_the_dataclass_declares():
    values = {"path": "/in", "settle_seconds": "2.5", "deep": "yes", "users": ["a", "b"]}

    assert read_options(Options, values, where="source") == Options(
        path="/in", settle_seconds=2.5, deep=True, users=("a", "b")
    )


def test_what_is_not_given_has_its_default():
    assert read_options(Options, {"path": "/in"}, where="source") == Options(path="/in")
    assert read_options(NoOptions, {}, where="stage") == NoOptions()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "source: 'path' is missing"),
        (
            {"path": "/in", "deep": "perhaps", "depth": "1"},
            (
                "source: 'deep' cannot be 'perhaps': input should be a valid boolean, unable to"
                " interpret input; there is no option 'depth'"
            ),
        ),
        ({"path": "/in", "settle_seconds": "-1"}, "source: Must not be negative"),
    ],
)
def test_everything_that_is_wrong_is_told_at_once(values: dict[str, Any], message: str):
    with pytest.raises(InvalidOptions) as caught:
        read_options(Options, values, where="source")

    assert caught.value.message == message
    assert caught.value.hint == "known: path, settle_seconds, deep, users"


def test_an_adapters_own_refusal_comes_through_as_it_is():
    with pytest.raises(InvalidOptions, match="the root folder is no source") as caught:
        read_options(Options, {"path": "/"}, where="source")

    assert caught.value.hint == "a folder below it"


def test_an_adapter_without_options_says_so():
    with pytest.raises(InvalidOptions) as caught:
        read_options(NoOptions, {"x": "1"}, where="stage upload")

    assert caught.value.hint == "known: no options at all"


def test_the_names_are_those_of_the_fields():
    assert option_names(Options) == ("path", "settle_seconds", "deep", "users")
