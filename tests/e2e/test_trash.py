"""From Zoom's cloud to a folder and then into Zoom's trash: the real program, the fake cloud."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from zoomauto.media.ffmpeg import find_ffmpeg
from zoomauto.testing.typist import Typist, open_typist
from zoomauto.testing.zoom.recorded import recorded_world
from zoomauto.testing.zoom.server import FakeZoom

pytestmark = pytest.mark.slow
TRASHED = ["Physics lecture 7", 'Weekly Q&A: "why?" 1/2 \N{ROCKET}', "Weekly planning"]


@pytest.fixture(autouse=True)
def _ffmpeg(component: Callable[[object, str], None]) -> None:
    component(shutil.which("ffmpeg") or find_spec("imageio_ffmpeg"), "ffmpeg")


class Installation:
    """The program with a home of its own."""

    def __init__(self, typist: Typist) -> None:
        self._typist = typist

    def typed(self, *words: str) -> str:
        """Type a command; give what it shows."""
        ended = self._typist(*words)
        assert ended.code == 0, (words, ended)
        return ended.out

    def __call__(self, *words: str) -> dict[str, Any]:
        """Type a command; give the data of its answer."""
        data: dict[str, Any] = json.loads(self.typed(*words, "--output", "json"))["data"]
        return data


@pytest.fixture
def zoomauto(tmp_path: Path) -> Iterator[Installation]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    environment = kept | {"HOME": str(tmp_path), "TZ": "UTC", "no_proxy": "127.0.0.1"}
    with open_typist(environment, folder=tmp_path) as typist:
        yield Installation(typist)


def test_what_is_published_goes_into_zooms_trash_and_can_be_taken_back(
    tmp_path: Path, zoomauto: Installation
):
    secret = tmp_path / "secret"
    world = recorded_world(find_ffmpeg(), tmp_path / "cloud", now=datetime.now(UTC))
    everything = {meeting.topic for meeting in world.meetings}

    def left() -> set[str]:
        return {m.topic for m in world.meetings if world.holds(m, None)}

    with FakeZoom(world) as zoom:
        secret.write_text(zoom.client_secret)
        secret.chmod(0o600)
        options = {
            "account_id": zoom.account_id,
            "client_id": zoom.client_id,
            "api_base": zoom.api_base,
            "token_url": zoom.token_url,
        }
        pairs = [word for key, value in options.items() for word in ("--option", f"{key}={value}")]
        zoomauto(
            "source", "add", "zoom", "--type", "zoom", *pairs,
            "--secret", f"client_secret=file:{secret}",
        )  # fmt: skip
        zoomauto(
            "template", "create", "lectures", "--keyword", "lecture", "--keyword",
            "weekly", "--destination", f"folder:{tmp_path}/out", "--delete-from-source", "trash",
        )  # fmt: skip
        zoomauto("job", "create", "Nightly", "--template", "lectures", "--daily", "06:00")

        assert zoomauto("run", "nightly")["trashed"] == []
        zoomauto("template", "update", "lectures", "--grace-days", "0")
        would = zoomauto("run", "nightly", "--dry-run")["would_trash"]
        assert sorted(item["name"] for item in would) == TRASHED
        assert left() == everything

        trashed = zoomauto("run", "nightly")["trashed"]
        assert sorted(item["name"] for item in trashed) == TRASHED
        assert {item["outcome"] for item in trashed} == {"done"}
        assert left() == everything - set(TRASHED)
        shown = zoomauto.typed("history", "show", "nightly")
        assert "\ntrashed at the source: " in shown

        first = str(trashed[0]["recording_id"])
        assert zoomauto("recording", "show", first)["trashed_at"] is not None
        back = zoomauto("recording", "undelete", first)
        assert (back["status"], back["trashed_at"]) == ("UPLOADED", None)
        assert zoomauto("run", "nightly")["trashed"] == []
        assert left() == everything - set(TRASHED) | {trashed[0]["name"]}
        assert zoom.violations() == ()
