"""Every store there is, fresh for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zoomauto.storage.database import SqlDatabase
from zoomauto.storage.store import SqlStore, open_store
from zoomauto.testing.google.server import FakeGoogle


@pytest.fixture(scope="session")
def postgres_template(request: pytest.FixtureRequest) -> str:
    """Name a database with the newest schema, to be copied for each test."""
    url: str = request.getfixturevalue("postgres").create()
    SqlDatabase(url=url).upgrade()
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database with the newest schema and nothing in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/zoomauto.db"
        SqlDatabase(url=url).upgrade()
        yield url
        return
    server = request.getfixturevalue("postgres")
    url = server.create(template=request.getfixturevalue("postgres_template"))
    yield url
    server.drop(url)


@pytest.fixture
def open_again(database_url: str) -> Iterator[Callable[[], SqlStore]]:
    """Open the same database once more, as another process would."""
    opened: list[SqlStore] = []

    def again() -> SqlStore:
        opened.append(open_store(database_url))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Callable[[], SqlStore]) -> SqlStore:
    """Give an open, empty store."""
    return open_again()


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGoogle]:
    """A Google of our own, whose application's secret is in the environment."""
    with FakeGoogle() as fake:
        monkeypatch.setenv("CONTRACT_SECRET", fake.client_secret)
        yield fake
        assert fake.complaints() == ()
