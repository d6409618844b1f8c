"""Finding the one job that a word means, among few and among thousands."""

from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.job import Job
from zoomauto.errors import Ambiguous, NotFound
from zoomauto.usecases.find_job import find_job

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"


@pytest.fixture
def jobs(world: "World") -> dict[str, Job]:
    """Jobs whose names and slugs could be taken for each other's."""
    for name in ("nightly", "slug:daily", "Late news"):
        world.add_job(name)
    with world.store.reading() as tx:
        return {job.spec.name: job for job in tx.jobs.list(OWNER)}


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("daily", "Daily"),
        ("Daily", "Daily"),
        ("slug:daily", "Daily"),
        ("name:slug:daily", "slug:daily"),
        ("nightly", "nightly"),
        ("late-news", "Late news"),
        ("Late news", "Late news"),
        ("name:Late news", "Late news"),
    ],
)
def test_a_job_is_found_by_slug_or_name(
    world: "World", jobs: dict[str, Job], reference: str, name: str
):
    with world.store.reading() as tx:
        assert find_job(tx, OWNER, reference) == jobs[name]


def test_a_job_is_found_by_its_id(world: "World", jobs: dict[str, Job]):
    with world.store.reading() as tx:
        for job in jobs.values():
            assert find_job(tx, OWNER, f"id:{job.id}") == find_job(tx, OWNER, str(job.id)) == job


def test_a_word_for_two_jobs_is_ambiguous(world: "World", jobs: dict[str, Job]):
    named = world.add_job(str(jobs["Daily"].id))
    with world.store.reading() as tx:
        with pytest.raises(Ambiguous, match=f"id:{named.id}"):
            find_job(tx, OWNER, named.spec.name)
        assert find_job(tx, OWNER, f"id:{named.spec.name}") == jobs["Daily"]


@pytest.mark.usefixtures("jobs")
def test_what_comes_close_is_told_and_another_owners_job_is_not_found(world: "World"):
    with world.store.reading() as tx:
        with pytest.raises(NotFound) as told:
            find_job(tx, OWNER, "nigthly")
        with pytest.raises(NotFound):
            find_job(tx, "boris", "nightly")
    assert told.value.hint == "did you mean nightly?"


@pytest.mark.usefixtures("jobs")
def test_slug_and_name_that_differ_in_capitals_alone_are_suggested_once(world: "World"):
    with world.store.reading() as tx, pytest.raises(NotFound) as told:
        find_job(tx, OWNER, "dialy")
    assert told.value.hint == "did you mean daily?"


@pytest.mark.parametrize("facet", ["id:{0.id}", "{0.slug}", "slug:{0.slug}"])
def test_to_find_one_of_thousands_not_all_are_read(
    world: "World", jobs: dict[str, Job], monkeypatch: pytest.MonkeyPatch, facet: str
):
    def never(*_: Any) -> Any:
        pytest.fail("all jobs were read")

    with world.store.reading() as tx:
        monkeypatch.setattr(type(tx.jobs), "list", never)
        assert find_job(tx, OWNER, facet.format(jobs["nightly"])) == jobs["nightly"]
