"""``zoomauto schedule render``, ``diff``, ``apply``, ``status``, ``remove`` and ``restore``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Zoomauto = Callable[..., Any]

#: A crontab for one user, in a file: what Debian's does when it is asked for no more than we ask.
CRONTAB = """\
#!/bin/sh
tab='{file}'
case "$1" in
-V) echo 'crontab of a test' ;;
-l) cat "$tab" 2>/dev/null || {{ echo 'no crontab for alice' >&2; exit 1; }} ;;
-r) rm "$tab" ;;
*) cp "$1" "$tab" ;;
esac
"""


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file behind a crontab program of this test's own; there is none yet."""
    file, tools = tmp_path / "crontab", tmp_path / "tools"
    tools.mkdir()
    script = tools / "crontab"
    script.write_text(CRONTAB.format(file=file))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return file


@pytest.fixture
def host(
    stocked: Zoomauto,
    crontab: Path,
    database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Zoomauto:
    """A host with a crontab, settings in a file, and the job ``Every evening``."""
    file = tmp_path / "settings.toml"
    folders = (("workspace", "work"), ("log_file", "log"), ("state_folder", "state"))
    lines = [f'{key} = "{tmp_path / name}"' for key, name in folders]
    file.write_text("\n".join([f'database_url = "sqlite:///{database}"', *lines, ""]))
    program = tmp_path / "bin" / "zoomauto"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("ZOOMAUTO_CONFIG", str(file))
    return stocked


def command(tmp_path: Path) -> str:
    config = f"--config {tmp_path / 'settings.toml'}"
    return f"{tmp_path / 'bin' / 'zoomauto'} {config} --owner alice run"


def lines(crontab: Path) -> list[str]:
    """Give what cron would start, without comments."""
    return [line for line in crontab.read_text().splitlines() if not line.startswith("#")]


def applied(host: Zoomauto) -> None:
    ended = host("schedule", "apply", "--backend", "crontab")
    assert ended.code == 0, ended.err


def test_the_text_of_a_schedule_needs_no_database(
    fresh: Zoomauto, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "argv", ["zoomauto, which is nowhere"])
    for name in ("DATABASE_URL", "WORKSPACE", "LOG_FILE", "STATE_FOLDER"):
        value = "sqlite:////srv/z.db" if name == "DATABASE_URL" else f"/srv/{name.lower()}"
        monkeypatch.setenv(f"ZOOMAUTO_{name}", value)
    flags = ("--cron", "30 2 * * *", "--timezone", "Europe/Berlin", "--host-timezone", "UTC")
    words = ("--backend", "crontab", "--from", "2026-03-01")
    ended = fresh("schedule", "render", *flags, *words, "-o", "json")
    head = '# job job: "job", every day at 02:30 (Europe/Berlin), computed to 2031-03-05; seal 0'
    call = (
        "/usr/bin/env ZOOMAUTO_WORKSPACE=/srv/workspace ZOOMAUTO_LOG_FILE=/srv/log_file"
        f" ZOOMAUTO_STATE_FOLDER=/srv/state_folder {sys.executable} -m zoomauto --database-url"
        " sqlite:////srv/z.db --owner alice run job --scheduled"
    )
    text = ended.data["text"]
    [comment, *entries] = text.splitlines()
    assert comment.startswith(head[:-1])
    assert entries == [f"30 0,1 * * * {call}", f"0 1 25,26,28,29,31 3 * {call}"]
    assert ended.document == {
        "schema": 1,
        "command": "schedule render",
        "status": "success",
        "data": {
            "backend": "crontab",
            "text": text,
            "pieces": [{"name": "job", "job": "job", "text": text}],
            "until": "2031-03-05T00:00:00+00:00",
            "obstacles": [],
        },
        "errors": [],
    }
    assert not database.exists()


def test_the_text_of_a_job_is_its_entries_alone_and_that_of_all_has_the_safety_net(
    host: Zoomauto, tmp_path: Path
):
    words = ("schedule", "render", "--backend", "crontab", "--host-timezone", "UTC")
    job = host(*words, "every-evening")
    everything = host(*words)
    entry = f"0 21 * * * {command(tmp_path)} every-evening --scheduled"

    assert [line for line in job.out.splitlines() if not line.startswith("#")] == [entry]
    assert everything.out.startswith(job.out)
    assert everything.out.count("run --due\n") == 2
    assert (job.err, everything.err) == ("", "")


def test_the_text_for_systemd_names_each_unit(host: Zoomauto):
    words = ("every-evening", "--backend", "systemd", "--from", "2026-03-01", "-o", "json")
    data = host("schedule", "render", *words).data

    service, timer = (piece["name"] for piece in data["pieces"])
    assert (service[-8:], timer) == (".service", service.replace(".service", ".timer"))
    assert "OnCalendar=*-*-* 21:00:00 UTC\n" in data["pieces"][1]["text"]
    assert data["text"] == "\n".join(
        f"# === {piece['name']} ===\n{piece['text']}" for piece in data["pieces"]
    )


def test_the_unit_for_failures_is_in_every_service_and_carried_to_the_safety_net(
    host: Zoomauto, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ZOOMAUTO_ON_FAILURE", "tell@%n.service")
    data = host("schedule", "render", "--backend", "systemd", "-o", "json").data

    services = [p["text"] for p in data["pieces"] if p["name"].endswith(".service")]
    assert [text.count("\nOnFailure=tell@%n.service\n") for text in services] == [1, 1]
    assert ['"ZOOMAUTO_ON_FAILURE=tell@%%n.service"' in text for text in services] == [True, True]


def test_a_schedule_beside_jobs_is_refused(host: Zoomauto):
    words = ("every-evening", "--backend", "crontab", "--daily", "06:00")
    ended = host("schedule", "render", *words)
    assert (ended.code, ended.err) == (2, "Error: name jobs or a schedule, not both.\n")


def test_applying_writes_the_crontab_and_says_why_there(
    host: Zoomauto, crontab: Path, tmp_path: Path
):
    crontab.write_text("0 4 * * * theirs\n")
    ended = host("schedule", "apply", "--backend", "crontab", "-o", "json")
    document = ended.document
    data = document.pop("data")

    assert document == {
        "schema": 1, "command": "schedule apply", "status": "success", "errors": [],
    }  # fmt: skip
    assert data.pop("diff").startswith("--- installed/every-evening\n+++ wanted/every-evening\n")
    assert data.pop("until").endswith("+00:00")
    assert data == {
        "backend": "crontab",
        "scope": "user",
        "why": "it was asked for",
        "in_sync": False,
        "added": ["every-evening", "due"],
        "changed": [],
        "removed": [],
        "edited": [],
        "renewal": None,
        "obstacles": [],
        "outcome": "applied",
    }
    theirs, evening, reboot, hourly = lines(crontab)
    assert theirs == "0 4 * * * theirs"
    assert evening.endswith(f" {command(tmp_path)} every-evening --scheduled")
    assert reboot == f"@reboot {command(tmp_path)} --due"
    assert hourly.endswith(f" * * * * {command(tmp_path)} --due")


def test_applying_again_says_that_there_is_nothing_to_change(host: Zoomauto, crontab: Path):
    applied(host)
    before = crontab.read_bytes()
    ended = host("schedule", "apply")

    assert ended.code == 0
    first, last = ended.out.splitlines()
    assert first.startswith("crontab: entries were applied through it on 20")
    assert last.startswith("nothing to change: 1 job, computed to 20")
    assert crontab.read_bytes() == before


def test_entries_changed_by_hand_are_shown_and_kept_unless_forced(host: Zoomauto, crontab: Path):
    applied(host)
    before = crontab.read_text()
    crontab.write_text(before.replace(" every-evening --scheduled", " every-evening"))
    ended = host("schedule", "apply")

    assert ended.code == 2
    assert ended.err == (
        "Error: every-evening in crontab was changed by hand; nothing was overwritten.\n"
        "  hint: zoomauto schedule apply --force\n"
    )
    shown = ended.out.splitlines()
    assert [line[-14:] for line in shown if line.startswith("-") and "run" in line] == [
        " every-evening"
    ]
    assert crontab.read_text() != before
    assert host("schedule", "status").err.splitlines()[-1] == (
        "not in sync: zoomauto schedule diff, then zoomauto schedule apply --force"
    )
    assert host("schedule", "apply", "--force").code == 0
    assert crontab.read_text() == before


def test_the_status_compares_job_by_job(host: Zoomauto, crontab: Path):
    applied(host)
    host("job", "create", "Noon", "--template", "lectures", "--daily", "12:00", "--no-apply")
    data = host("schedule", "status", "-o", "json").data

    jobs = [(job["job"], job["wanted"], job["installed"], job["state"]) for job in data["jobs"]]
    assert jobs == [
        ("every-evening", True, True, "in_sync"),
        ("noon", True, False, "missing"),
    ]
    assert data["safety_net"] == {"installed": True, "state": "in_sync"}
    assert data["in_sync"] is False
    evening, noon = data["jobs"]
    assert evening["next_run_at"].endswith("T21:00:00+00:00")
    assert noon["next_start_at"] is None


def test_the_difference_is_what_applying_would_change(host: Zoomauto, crontab: Path):
    applied(host)
    host("job", "disable", "every-evening", "--no-apply")
    before = crontab.read_bytes()
    data = host("schedule", "diff", "-o", "json").data

    assert (data["in_sync"], data["removed"], data["changed"]) == (False, ["every-evening"], [])
    assert crontab.read_bytes() == before
    assert (
        host("schedule", "apply", "--dry-run")
        .out.splitlines()[-1]
        .startswith("nothing was changed (--dry-run): 0 jobs")
    )
    assert crontab.read_bytes() == before


def test_removing_leaves_what_is_not_ours(host: Zoomauto, crontab: Path):
    crontab.write_text("0 4 * * * theirs\n")
    applied(host)
    unasked = host("schedule", "remove")
    assert (unasked.code, len(lines(crontab))) == (2, 4)

    ended = host("schedule", "remove", "--yes", "-o", "json")
    assert ended.data["removed"] == ["every-evening in the crontab", "due in the crontab"]
    assert crontab.read_text() == "0 4 * * * theirs\n"


def test_a_backup_is_put_back(host: Zoomauto, crontab: Path):
    crontab.write_text("0 4 * * * theirs\n")
    applied(host)
    shown = host("schedule", "restore", "--dry-run", "-o", "json").data
    assert (shown["dry_run"], len(shown["backups"])) == (True, 1)

    assert host("schedule", "restore", "--yes").code == 0
    assert crontab.read_text() == "0 4 * * * theirs\n"


def test_a_secret_of_the_environment_is_refused_with_the_mending_command(
    host: Zoomauto, crontab: Path
):
    host(
        "source", "add", "cloud", "--type", "zoom", "--secret", "client_secret=env:ZOOM",
        "--option", "account_id=a", "--option", "client_id=c",
    )  # fmt: skip
    ended = host("schedule", "apply", "--backend", "crontab")

    assert (ended.code, ended.out) == (78, "")
    assert ended.err == (
        "Error: source 'cloud' reads its client_secret from the environment (env:ZOOM), which a"
        " scheduler does not set.\n"
        "  hint: zoomauto source update 'cloud' --secret client_secret=file:/path/of/a/file, or"
        " credential:NAME under systemd\n"
    )
    assert not crontab.exists()


# What changes of jobs do


def evenings(crontab: Path) -> list[str]:
    return [line.split(" /")[0] for line in lines(crontab) if "--scheduled" in line]


def test_changes_of_jobs_are_followed_once_entries_were_applied(host: Zoomauto, crontab: Path):
    host("job", "update", "every-evening", "--daily", "20:00", "--timezone", "UTC")
    assert not crontab.exists()

    applied(host)
    counts = []
    for words in (
        ("create", "Noon", "--template", "lectures", "--daily", "12:00"),
        ("copy", "noon", "Later", "--daily", "13:00"),
        ("disable", "noon"),
        ("enable", "noon"),
        ("delete", "noon", "--yes"),
    ):
        ended = host("job", *words)
        assert (ended.code, ended.err) == (0, "")
        counts.append(len(evenings(crontab)))
    assert counts == [2, 3, 2, 3, 2]


def test_a_change_can_leave_the_entries_alone(host: Zoomauto, crontab: Path):
    applied(host)
    before = crontab.read_bytes()
    for words in (
        ("create", "Noon", "--template", "lectures", "--daily", "12:00"),
        ("update", "noon", "--daily", "13:00"),
        ("copy", "noon", "Later"),
        ("disable", "every-evening"),
        ("enable", "every-evening"),
        ("delete", "every-evening", "--yes"),
    ):
        assert host("job", *words, "--no-apply").code == 0
    assert crontab.read_bytes() == before


def test_a_saved_job_whose_entries_could_not_follow_is_a_partial_success(
    host: Zoomauto, crontab: Path
):
    applied(host)
    crontab.write_text(crontab.read_text().replace("--due", "--due # mine"))
    ended = host("job", "update", "every-evening", "--daily", "22:00", "-o", "json")

    assert (ended.code, ended.document["status"]) == (3, "partial")
    assert ended.data["cron"] == "0 22 * * *"
    assert ended.document["errors"] == [
        {
            "code": "usage",
            "message": "the job is saved; the entries on this host stay as they were: due in"
            " crontab was changed by hand",
            "hint": "zoomauto schedule diff, then zoomauto schedule apply --force",
        }
    ]


def test_a_job_whose_entry_cannot_be_removed_is_not_deleted(host: Zoomauto, crontab: Path):
    applied(host)
    crontab.write_text(crontab.read_text().replace("--due", "--due # mine"))

    assert host("job", "delete", "every-evening", "--yes").code == 2
    assert [job["slug"] for job in host("job", "list", "-o", "json").data] == ["every-evening"]
    assert host("job", "delete", "every-evening", "--yes", "--no-apply").code == 0


def test_the_safety_net_brings_entries_up_to_date_and_is_silent(host: Zoomauto, crontab: Path):
    applied(host)
    host("job", "update", "every-evening", "--daily", "23:00", "--no-apply")
    ended = host("run", "--due")

    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert host("schedule", "diff", "-o", "json").data["in_sync"] is True


def test_the_safety_net_leaves_what_was_changed_by_hand_and_says_so(host: Zoomauto, crontab: Path):
    applied(host)
    crontab.write_text(crontab.read_text().replace("--due", "--due # mine"))
    before = crontab.read_bytes()
    ended = host("run", "--due")

    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("the entries on this host are left as they are: due in crontab was")
    assert crontab.read_bytes() == before
