"""Publishing: every artifact to every destination, once, under its name."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from zoomauto.domain.artifact import Publication, derived_details
from zoomauto.domain.recording import FileKind
from zoomauto.errors import (
    CorruptMedia,
    DiskFull,
    LeaseLost,
    PermanentError,
    RateLimited,
    TemporaryError,
    Unreachable,
)
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress
from zoomauto.ports.stage import StageResult
from zoomauto.stages.upload import UploadOptions, UploadStage
from zoomauto.testing.destination import FakeDestination

Film = Callable[[str, bytes], Path]


@dataclass(kw_only=True)
class Recipient(FakeDestination):
    """Remembers what it was handed."""

    parcels: list[Parcel] = field(default_factory=list)

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        self.parcels.append(parcel)
        return super().publish(parcel, progress)


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


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("off"),
        DiskFull("full"),
        RateLimited("quota"),
        PermanentError("refused"),
        TemporaryError("busy"),
        ZeroDivisionError("a bug"),
    ],
)
def test_a_destination_that_fails_does_not_keep_the_others_waiting(
    world: Any, film: Film, error: Exception
):
    nas, cloud = FakeDestination(failures=[error]), FakeDestination()
    world.destinations = {"nas": nas, "cloud": cloud}
    with pytest.raises(type(error)):
        upload(world, film("a.mp4", b"film"))
    assert [p.destination for p in world.published] == ["cloud"]


def test_of_several_failures_each_is_told_and_the_most_hopeful_one_decides(world: Any, film: Film):
    hint = "free some space"
    failures = {
        "nas": PermanentError("refused"),
        "cloud": RateLimited("quota", reset_at="2026-11-24T00:00:00+00:00"),
        "usb": DiskFull("full", hint=hint),
        "desk": ZeroDivisionError("a bug"),
    }
    world.destinations = {
        name: FakeDestination(failures=[error]) for name, error in failures.items()
    }
    with pytest.raises(DiskFull) as caught:
        upload(world, film("a.mp4", b"film"))
    told = "nas: refused; cloud: quota; usb: full; desk: ZeroDivisionError('a bug')"
    assert (str(caught.value), caught.value.message, caught.value.hint) == (told, told, hint)


def test_the_only_destination_is_not_named(world: Any, film: Film):
    world.destinations = {"nas": FakeDestination(failures=[Unreachable("off")])}
    with pytest.raises(Unreachable, match=r"^off$"):
        upload(world, film("a.mp4", b"film"))


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


def with_texts(world: Any, media: Any) -> tuple[Any, ...]:
    """Give the texts of a picture before it, so that order must be made."""
    return (
        world.derived(media, ".chapters.json", FileKind.CHAPTERS, lines="0:00 a\n1:00 b"),
        world.derived(media, ".vtt", FileKind.SUBTITLES),
        world.derived(media, ".chat.txt", FileKind.CHAT),
        world.derived(media, ".transcript.json", FileKind.TRANSCRIPT),
        media,
    )


def test_texts_follow_their_picture_under_its_name_each_with_an_ending_of_its_own(
    world: Any, film: Film
):
    nas = Recipient()
    world.destinations, world.naming = {"nas": nas}, "n"
    result = upload(world, inputs=with_texts(world, world.artifact(film("a.mp4", b"film"))))
    assert result.note == "published 4 to nas"
    assert [(f"{p.name}{p.extension}", p.kind, p.beside) for p in nas.parcels] == [
        ("n.mp4", "video", None),
        ("n.chapters.json", "chapters", "n.mp4"),
        ("n.vtt", "subtitles", "n.mp4"),
        ("n.transcript.json", "transcript", "n.mp4"),
    ]


def test_texts_lie_beside_their_own_picture_wherever_each_destination_put_it(
    world: Any, film: Film
):
    nas, cloud = Recipient(), Recipient(objects={"n part 1.mp4": b"somebody's"})
    world.destinations, world.naming = {"nas": nas, "cloud": cloud}, "n"
    films = [world.artifact(film(name, name.encode())) for name in ("a.mp4", "b.mp4")]
    texts = [world.derived(media, ".vtt", FileKind.SUBTITLES) for media in films]
    upload(world, inputs=(*reversed(texts), *films))
    beside = {
        name: {p.name: p.beside for p in place.parcels if p.kind is FileKind.SUBTITLES}
        for name, place in (("nas", nas), ("cloud", cloud))
    }
    taken = nas.parcels[0].identity
    assert beside == {
        "nas": {"n part 1": "n part 1.mp4", "n part 2": "n part 2.mp4"},
        "cloud": {"n part 1": f"n part 1 ({taken}).mp4", "n part 2": "n part 2.mp4"},
    }


def test_a_text_that_comes_late_lies_beside_what_an_earlier_run_published(world: Any, film: Film):
    nas = Recipient()
    world.destinations = {"nas": nas}
    media = world.artifact(film("a.mp4", b"film"))
    upload(world, inputs=(media,))
    world.publications = tuple(world.published)
    text = world.derived(media, ".vtt", FileKind.SUBTITLES)
    assert upload(world, inputs=(media, text)).note == "published 1 to nas, 1 already there"
    assert nas.parcels[-1].beside == "2026-11-23 Weekly Sync [7].mp4"


def test_each_destination_is_given_what_the_template_chooses_for_it(world: Any, film: Film):
    nas, cloud, none = Recipient(), Recipient(), Recipient()
    world.destinations, world.naming = {"nas": nas, "cloud": cloud, "none": none}, "n"
    world.artifacts = {"cloud": ("chat", "subtitles"), "none": ("audio",)}
    result = upload(world, inputs=with_texts(world, world.artifact(film("a.mp4", b"film"))))
    assert result.note == "published 4 to nas; published 2 to cloud; published 0 to none"
    assert [(f"{p.name}{p.extension}", p.beside) for p in cloud.parcels] == [
        ("n.vtt", None),
        ("n.chat.txt", None),
    ]


def test_destinations_are_told_what_the_template_says_with_the_chapters_of_that_picture(
    world: Any, film: Film
):
    nas = Recipient()
    world.destinations = {"nas": nas}
    world.metadata = {"title": "{topic} {part}", "description": "{date}\n{chapters}"}
    films = [world.artifact(film(name, name.encode())) for name in ("a.mp4", "b.mp4")]
    upload(world, inputs=(*with_texts(world, films[0]), films[1]))
    told = {p.name: p.metadata for p in nas.parcels}
    assert told == {
        "2026-11-23 Weekly Sync [7] part 1": {
            "title": "Weekly Sync 1",
            "description": "2026-11-23\n0:00 a\n1:00 b",
        },
        "2026-11-23 Weekly Sync [7] part 2": {
            "title": "Weekly Sync 2",
            "description": "2026-11-23",
        },
    }


def test_every_upload_has_a_state_file_of_its_own_that_stays_the_same(world: Any, film: Film):
    inputs = with_texts(world, world.artifact(film("a.mp4", b"film")))
    states = []
    for _ in range(2):
        nas, cloud = Recipient(), Recipient()
        world.destinations = {"nas": nas, "cloud": cloud}
        upload(world, inputs=inputs)
        states.append([Path(p.state or "") for p in (*nas.parcels, *cloud.parcels)])
    assert states[0] == states[1]
    assert len(set(states[0])) == 8
    assert all(state.parent == world.folder and not state.exists() for state in states[0])


@pytest.mark.parametrize(
    ("extension", "published"),
    [(".chapters.json", "n.chapters.json"), (".a.b.c", "n"), (".../x", "n"), ("", "n")],
)
def test_only_an_ending_of_one_or_two_parts_is_kept(
    world: Any, film: Film, extension: str, published: str
):
    nas = FakeDestination()
    world.destinations, world.naming = {"nas": nas}, "n"
    media = world.artifact(film("a.mp4", b"film"))
    text = replace(
        world.derived(media, ".vtt", FileKind.SUBTITLES),
        details={"of": media.file_key, "extension": extension},
    )
    upload(world, inputs=(text,))
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
