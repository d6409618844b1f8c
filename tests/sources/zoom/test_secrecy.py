"""The real program, watched from outside: no secret in a process list, an answer or a file."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zoomauto.testing.zoom.meeting import File, Meeting, User
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.world import World


def recent_world() -> World:
    start = datetime.now(UTC) - timedelta(hours=20)
    file = File(id="f", start_at=start, end_at=start + timedelta(minutes=9))
    meeting = Meeting(
        uuid="u==", number=1, user_id="u1", start_at=start, files=(file,), passcode="p4ss-c0de"
    )
    return World(users=[User(id="u1", email="ann@example.org")], meetings=[meeting])


class Program:
    """Runs zoomauto, and looks at the command lines of all processes meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "ZOOMAUTO_DATABASE_URL": f"sqlite:///{folder}/zoomauto.db",
            "ZOOMAUTO_WORKSPACE": str(folder / "work"),
        }
        #: Every command line that was seen, all processes of the machine.
        self.seen: set[bytes] = set()
        self.said = ""

    def __call__(self, *words: str, code: int = 0) -> None:
        command = [sys.executable, "-m", "zoomauto", "--verbose", *words]
        with subprocess.Popen(
            command, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            while process.poll() is None:
                self._look(process)
            assert process.stdout is not None
            said = process.stdout.read()
        assert process.returncode == code, said
        self.said += said

    def _look(self, process: "subprocess.Popen[str]") -> None:
        # Not by a pattern: that asks for each file, and a process may be gone by then.
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    self.seen.add((folder / "cmdline").read_bytes())
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("secret_is_right", [True, False])
def test_no_secret_is_seen_in_processes_answers_history_or_files(
    tmp_path: Path, *, secret_is_right: bool
):
    with FakeZoom(recent_world()) as zoom:
        secret = zoom.client_secret if secret_is_right else "wr0ng-but-secret"
        kept = tmp_path / "kept"
        kept.mkdir()
        path = kept / "secret"
        path.touch(mode=0o600)
        path.write_text(secret)
        program = Program(tmp_path)
        options = {
            "account_id": zoom.account_id,
            "client_id": zoom.client_id,
            "api_base": zoom.api_base,
            "token_url": zoom.token_url,
        }
        given = [word for name, text in options.items() for word in ("--option", f"{name}={text}")]
        reference = f"client_secret=file:{path}"
        program("source", "add", "work", "--type", "zoom", *given, "--secret", reference)
        program("template", "create", "All", "--destination", f"folder:{tmp_path}/out")
        program("job", "create", "Nightly", "--template", "All", "--daily", "06:00")
        # Made-up bytes are no film: the one recording fails, and the history says why.
        program("run", "nightly", "-o", "json", code=65 if secret_is_right else 77)
        program("history", "show", "nightly", "-o", "json")
        program("source", "check", "work", "-o", "json", code=0 if secret_is_right else 1)
        headers = [request.headers.get("authorization", "") for request in zoom.requests]
    tokens = {header.split()[1] for header in headers if header}
    secrets = [secret, "p4ss-c0de", *tokens]
    assert len(secrets) > 2
    assert any(b"zoomauto" in line for line in program.seen)
    kept_by_us = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != kept]
    assert _found(secrets, [path.read_bytes() for path in kept_by_us]) == []
    assert _found(secrets, [program.said.encode(), *program.seen]) == []


def _found(secrets: Sequence[str], places: Sequence[bytes]) -> list[str]:
    return [secret for secret in secrets if any(secret.encode() in place for place in places)]
