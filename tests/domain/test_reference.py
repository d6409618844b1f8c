"""Finding the one thing a person means."""

from dataclasses import dataclass

import pytest

from zoomauto.domain.reference import resolve
from zoomauto.errors import Ambiguous, NotFound


@dataclass(frozen=True)
class Thing:
    """Has all three facets."""

    id: int
    name: str
    slug: str = ""


@dataclass(frozen=True)
class Plain:
    """Has no slug."""

    id: int
    name: str


DAILY = Thing(1, "Daily Sync", "daily-sync")
TWO = Thing(2, "1", "one")
COLON = Thing(3, "id:2", "id-2")
THINGS = (DAILY, TWO, COLON)


@pytest.mark.parametrize(
    ("reference", "thing"),
    [
        ("2", TWO),
        ("daily-sync", DAILY),
        ("Daily Sync", DAILY),
        ("id:1", DAILY),
        ("name:1", TWO),
        ("slug:one", TWO),
        ("name:id:2", COLON),
        ("id:2", TWO),
    ],
)
def test_an_id_a_slug_or_a_name_finds_it(reference: str, thing: Thing):
    assert resolve(reference, THINGS, kind="job") == thing


def test_a_name_with_a_colon_needs_no_facet():
    assert resolve("name: x", [Thing(1, "name: x", "x")], kind="job").id == 1


def test_what_fits_twice_is_refused_with_the_candidates():
    with pytest.raises(Ambiguous) as caught:
        resolve("1", THINGS, kind="job")

    assert caught.value.message == ("'1' fits more than one job: id:1 (Daily Sync), id:2 (1)")
    assert caught.value.hint == "say id:1, slug:... or name:..."


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        ("Daily Snyc", "did you mean Daily Sync or daily-sync?"),
        ("weekly", "zoomauto job list"),
        ("", "zoomauto job list"),
        ("id:9", "did you mean id:2?"),
        ("DAILY-SYNC!", "zoomauto job list"),
    ],
)
def test_what_fits_nothing_is_refused_with_what_comes_close(reference: str, hint: str):
    with pytest.raises(NotFound) as caught:
        resolve(reference, THINGS, kind="job")

    assert (caught.value.message, caught.value.hint) == (f"there is no job {reference!r}", hint)


def test_things_without_a_slug_are_found_by_id_and_name():
    source = Plain(7, "None")

    assert resolve("7", [source], kind="source") == source
    with pytest.raises(NotFound):
        resolve("slug:None", [Plain(7, "Zoom")], kind="source")
