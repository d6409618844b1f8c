"""Publishing: every artifact to every destination, once, under its name."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from zoomauto.domain.artifact import Publication, derived_details
from zoomauto.domain.recording import FileKind
from zoomauto.errors import CorruptMedia, DiskFull, LeaseLost, RateLimited, Unreachable
from zoomauto.ports.stage import StageResult
from zoomauto.stages.upload import UploadOptions, UploadStage
from zoomauto.testing.destination import FakeDestination

Film = Callable[[str, bytes], Path]


@pytest.fixture
def film(tmp_path: Path) -> Film:
    def made(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return made


def upload(world: Any, *films: Path, inputs: tuple[Any, ...] = ()) -> StageResult:
    made = inputs or tuple(world.artifact(path) for path in films)
    return UploadStage(UploadOptions(), world.tools).run(world.context(inputs=made))


def publication(world: Any, **facts: object) -> Publication:
    content = b"film"
    known: dict[str, Any] = {
        "recording_id": 7,
        "file_key": "a.mp4",
        "destination": "nas",
        "location": "2026-11-23 Weekly Sync [7].mp4",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "published_at": world.tools.clock.now(),
    }
    return Publication(**{**known, **facts})


def test_a_film_is_published_under_its_name_with_the_date_of_the_jobs_zone(world: Any, film: Film):
    nas = FakeDestination()
    world.destinations = {"nas": nas}
    assert upload(world, film("a.mp4", b"film")) == StageResult(note="published 1 to nas")
    # 22:15 in London is 01:15 of the next day in Moscow.
    assert nas.objects == {"2026-11-23 Weekly Sync [7].mp4": b"film"}
    assert world.published == [publication(world)]


def test_every_destination_gets_every_file_told_apart(world: Any, film: Film):
    nas, cloud = FakeDestination(), FakeDestination()
    world.destinations = {"nas": nas, "cloud": cloud}
    world.naming = "{source}/{time} {topic}"
    result = upload(world, film("a.mp4", b"one"), film("b.mp4", b"two"))
    held = {
        "archive/01-15 Weekly Sync part 1.mp4": b"one",
        "archive/01-15 Weekly Sync part 2.mp4": b"two",
    }
    assert (nas.objects, cloud.objects) == (held, held)
    assert result == StageResult(note="published 2 to nas; published 2 to cloud")


def test_what_is_still_there_is_left_alone(world: Any, film: Film):
    nas = FakeDestination()
    world.destinations = {"nas": nas}
    artifact = world.artifact(film("a.mp4", b"film"))
    upload(world, inputs=(artifact,))
    world.publications = tuple(world.published)
    assert upload(world, inputs=(artifact,)).note == "published 0 to nas, 1 already there"
    assert (len(nas.asked), len(world.published)) == (1, 1)


@pytest.mark.parametrize(
    "facts",
    [{"destination": "cloud"}, {"file_key": "b.mp4"}, {"sha256": "0" * 64}, {"location": "gone"}],
    ids=["elsewhere", "another file", "other bytes", "deleted there"],
)
def test_what_is_not_there_is_published_again(world: Any, film: Film, facts: dict[str, str]):
    nas = FakeDestination(objects={"2026-11-23 Weekly Sync [7].mp4": b"film"})
    world.destinations = {"nas": nas}
    world.publications = (publication(world, **facts),)
    upload(world, film("a.mp4", b"film"))
    assert world.published == [publication(world)]


@pytest.mark.parametrize("error", [Unreachable("off"), DiskFull("full"), RateLimited("quota")])
def test_a_destination_that_fails_does_not_keep_the_others_waiting(
    world: Any, film: Film, error: Exception
):
    nas, cloud = FakeDestination(failures=[error]), FakeDestination()
    world.destinations = {"nas": nas, "cloud": cloud}
    with pytest.raises(type(error)):
        upload(world, film("a.mp4", b"film"))
    assert [p.destination for p in world.published] == ["cloud"]


@pytest.mark.parametrize("error", [LeaseLost(), CorruptMedia(), KeyboardInterrupt()])
def test_what_concerns_every_destination_ends_the_stage(
    world: Any, film: Film, error: BaseException
):
    nas = FakeDestination(failures=[error])  # type: ignore[list-item]  # interruptions too
    cloud = FakeDestination()
    world.destinations = {"nas": nas, "cloud": cloud}
    with pytest.raises(type(error)):
        upload(world, film("a.mp4", b"film"))
    assert cloud.asked == []


@pytest.mark.parametrize(
    ("name", "published"),
    [("a.MP4", "n.MP4"), ("a", "n"), ("a.b c", "n"), ("a.way-too-long", "n")],
)
def test_only_what_looks_like_an_extension_is_kept(
    world: Any, film: Film, name: str, published: str
):
    nas = FakeDestination()
    world.destinations, world.naming = {"nas": nas}, "n"
    upload(world, film(name, b"film"))
    assert list(nas.objects) == [published]


class Screen(FakeDestination):
    """Takes films, and words beside them."""

    takes: ClassVar[frozenset[FileKind]] = frozenset({FileKind.VIDEO, FileKind.SUBTITLES})


def test_a_destination_is_given_only_what_it_has_a_place_for(world: Any, film: Film):
    screen, nas = Screen(), FakeDestination()
    world.destinations, world.naming = {"screen": screen, "nas": nas}, "{part}"
    picture = world.artifact(film("a.mp4", b"film"))
    sound = replace(world.artifact(film("b.m4a", b"sound")), kind=FileKind.AUDIO)
    words = {
        of: replace(
            world.artifact(film(f"{of}.vtt", of.encode())),
            kind=FileKind.SUBTITLES,
            details=derived_details(of, ".vtt"),
        )
        for of in ("a.mp4", "b.m4a")
    }
    chapters = replace(
        world.artifact(film("a.txt", b"chapters")),
        kind=FileKind.CHAPTERS,
        details=derived_details("a.mp4", ".txt"),
    )
    upload(world, inputs=(picture, sound, *words.values(), chapters))
    assert sorted(screen.objects.values()) == [b"a.mp4", b"film"]
    assert len(nas.objects) == 5
