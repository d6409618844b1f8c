"""Topics that attack: the real program lists, shows, logs and schedules them without harm."""

import os
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zoomauto.testing.typist import open_typist
from zoomauto.testing.zoom.cloud import CLIENT_SECRET
from zoomauto.testing.zoom.meeting import File, Meeting, User
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.world import World

TOPICS = ("../../etc/passwd", "a\nb", "$(touch pwned)", "\u202eabc", "x" * 4096, "\x1b[31mred")


def hostile_world() -> World:
    start = datetime.now(UTC) - timedelta(hours=5)
    meetings = [
        Meeting(
            uuid=f"m{n}==",
            number=n + 1,
            user_id="u1",
            topic=topic,
            start_at=start,
            files=(File(id=f"f{n}", start_at=start, end_at=start + timedelta(minutes=9)),),
        )
        for n, topic in enumerate(TOPICS)
    ]
    return World(users=[User(id="u1", email="ann@example.org")], meetings=meetings)


@pytest.mark.slow
def test_hostile_topics_and_names_do_no_harm(tmp_path: Path):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZOOMAUTO_", "XDG_"))}
    (tmp_path / "home").mkdir()

    environment = kept | {
        "HOME": str(tmp_path / "home"),
        "SECRET": CLIENT_SECRET,
        "ZOOMAUTO_LOG_FILE": str(tmp_path / "log"),
    }
    with FakeZoom(hostile_world()) as zoom, open_typist(environment, folder=tmp_path) as typist:

        def zoomauto(*words: str, code: int = 0) -> str:
            ended = typist(*words)
            assert ended.code == code, (words, ended)
            return ended.out + ended.err

        options = (f"account_id={zoom.account_id}", f"client_id={zoom.client_id}",
                   f"api_base={zoom.api_base}", f"token_url={zoom.token_url}")  # fmt: skip
        pairs = [word for option in options for word in ("--option", option)]
        zoomauto(
            "source", "add", "z", "--type", "zoom", *pairs, "--secret", "client_secret=env:SECRET"
        )
        zoomauto("template", "create", "all", "--destination", f"folder:{tmp_path}/home/out")
        name = "$(touch pwned)\n* * * * * touch pwned\u202e"
        zoomauto("job", "create", name, "--template", "all", "--daily", "06:00")
        said = [
            zoomauto("run", "1", "--dry-run"),
            # Made-up bytes are no film: each fails, and its topic is told.
            zoomauto("run", "1", code=65),
            zoomauto("recording", "list"),
            zoomauto("recording", "skip", "1"),
            zoomauto("history", "show", "1"),
            zoomauto("schedule", "render", "1", "--backend", "crontab"),
            zoomauto("schedule", "render", "1", "--backend", "systemd"),
        ]
    said.append((tmp_path / "log").read_text() if (tmp_path / "log").exists() else "")
    odd = [
        c for text in said for c in text if unicodedata.category(c) in {"Cc", "Cf"} and c != "\n"
    ]
    assert odd == []
    # The 4 kB topic widens no table and floods no mail.
    assert max(len(line) for text in said[:5] for line in text.splitlines()) < 700
    lines = [line.strip() for text in said for line in text.splitlines()]
    assert [line for line in lines if line.startswith("* * * * *")] == []
    assert "etc/passwd" in said[2]
    assert [path for path in tmp_path.rglob("*") if path.name in {"passwd", "pwned"}] == []
