"""Words that mean in a scheduler's bare environment what they mean here."""

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from zoomauto.domain.invocation import Invocation, Obstacle
from zoomauto.program import invocation
from zoomauto.settings import load_settings

#: Where a scheduler lets this user's processes begin.
HOME = pwd.getpwuid(os.getuid()).pw_dir
OWNER = ("--owner", "ann")


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program, and an environment as a scheduler's but for the folder of the settings."""
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", HOME)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    program = tmp_path / "bin" / "zoomauto"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    return program


def invoked(
    flags: Mapping[str, str] | None = None,
    *,
    scope: str = "user",
    owner: str = "ann",
    **environment: str,
) -> Invocation:
    variables = {**os.environ, **environment}
    settings = load_settings({"owner": owner, **(flags or {})}, variables)
    return invocation(settings, variables, scope=scope)


def test_defaults_need_no_word(bare: Path):
    assert invoked() == Invocation(words=(str(bare), *OWNER))


def test_a_program_that_is_no_executable_file_is_called_as_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "__main__.py").touch()
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "__main__.py")])
    assert invoked().words == (sys.executable, "-m", "zoomauto", *OWNER)


def test_a_program_is_named_by_its_absolute_path_and_links_stay(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "link").symlink_to(bare)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["./link"])
    assert invoked().words[0] == str(tmp_path / "link")


def test_a_settings_file_is_named_and_what_stands_in_it_is_not(bare: Path, tmp_path: Path):
    file = tmp_path / "z.toml"
    file.write_text('database_url = "postgresql://ann:sesame@db/zoom"\nworkspace = "/srv/work"\n')
    found = invoked({"config": str(file)})
    assert found == Invocation(words=(str(bare), "--config", str(file), *OWNER))


def test_what_the_environment_says_is_carried(bare: Path):
    found = invoked(
        ZOOMAUTO_DATABASE_URL="sqlite:////srv/z.db",
        ZOOMAUTO_WORKSPACE="/srv/work",
        ZOOMAUTO_FFMPEG="/opt/ffmpeg",
        ZOOMAUTO_TIMEZONE="Asia/Tokyo",
    )
    assert found == Invocation(
        words=(
            "/usr/bin/env",
            "ZOOMAUTO_WORKSPACE=/srv/work",
            "ZOOMAUTO_FFMPEG=/opt/ffmpeg",
            str(bare),
            "--database-url",
            "sqlite:////srv/z.db",
            *OWNER,
        )
    )


@pytest.mark.parametrize(
    ("setting", "is_named"),
    [
        pytest.param("ffmpeg-7", True, id="a name"),
        pytest.param("sh", False, id="a name that a scheduler finds"),
        pytest.param("/srv/ffmpeg-7", False, id="a path"),
    ],
)
def test_an_ffmpeg_that_is_not_on_the_schedulers_path_is_named(
    bare: Path, tmp_path: Path, setting: str, *, is_named: bool
):
    (bare.parent / "ffmpeg-7").touch(mode=0o755)
    file = tmp_path / "z.toml"
    file.write_text(f'ffmpeg = "{setting}"\n')
    found = invoked({"config": str(file)}, PATH=f"{bare.parent}:/usr/bin:/bin")

    named = ("/usr/bin/env", f"ZOOMAUTO_FFMPEG={bare.parent}/ffmpeg-7") if is_named else ()
    assert found.words == (*named, str(bare), "--config", str(file), *OWNER)


def test_the_words_stay_the_same_when_they_are_what_started_us(bare: Path):
    first = invoked(XDG_DATA_HOME="/srv/data", XDG_STATE_HOME="/srv/state")
    env, *variables = first.words[: first.words.index(str(bare))]
    flags = {"database_url": first.words[first.words.index("--database-url") + 1]}
    assert (env, len(variables)) == ("/usr/bin/env", 3)
    assert invoked(flags, **dict(word.split("=", 1) for word in variables)) == first


def test_a_relative_database_is_named_absolutely(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    found = invoked({"database_url": "sqlite:///z.db"})
    assert found.words == (str(bare), "--database-url", f"sqlite:///{tmp_path}/z.db", *OWNER)


@pytest.mark.parametrize("origin", ["a flag", "ZOOMAUTO_DATABASE_URL"])
def test_a_password_from_outside_the_settings_file_is_never_shown(tmp_path: Path, origin: str):
    url = "postgresql://ann:sesame@db/zoom"
    is_flag = origin == "a flag"
    found = invoked({"database_url": url}) if is_flag else invoked(ZOOMAUTO_DATABASE_URL=url)

    assert "sesame" not in " ".join(found.words)
    file = tmp_path / "zoomauto" / "config.toml"
    assert found.obstacles == (
        Obstacle(
            message=f"the database URL holds a password and comes from {origin}: no entry may show"
            " it",
            hint=f'write database_url = "..." into {file}, and chmod 600 {file}',
        ),
    )


def test_what_the_database_client_takes_from_the_environment_is_carried_but_its_password(
    bare: Path,
):
    url = {"database_url": "postgresql:///zoom"}
    found = invoked(url, PGHOST="/run/pg", PGPASSWORD="sesame")

    words = ("/usr/bin/env", "PGHOST=/run/pg", str(bare), "--database-url", "postgresql:///zoom")
    assert found.words == (*words, *OWNER)
    assert [obstacle.hint for obstacle in found.obstacles] == [
        "write it into ~/.pgpass (chmod 600), and unset PGPASSWORD"
    ]


def test_the_systems_units_run_as_the_owner_in_folders_of_the_owner(bare: Path):
    database = ("--database-url", "sqlite:////srv/z.db")
    found = invoked({"database_url": database[1]}, scope="system", owner="nobody")
    assert found == Invocation(words=(str(bare), *database, "--owner", "nobody"))
    usual = f"sqlite:///{pwd.getpwnam('nobody').pw_dir}/.local/share/zoomauto/zoomauto.db"
    found = invoked({"database_url": usual}, scope="system", owner="nobody")
    assert found == Invocation(words=(str(bare), "--owner", "nobody"))


def test_a_database_that_only_the_asking_user_has_is_no_database_of_the_systems_units():
    found = invoked(scope="system", owner="nobody")
    home = pwd.getpwnam("nobody").pw_dir
    url = f"sqlite:///{home}/.local/share/zoomauto/zoomauto.db"
    assert found.obstacles == (
        Obstacle(
            message="nobody runs the jobs, and cannot open the database of the user who asks for"
            " it",
            hint=f"--database-url {url}, or a --config that both can read and that names one",
        ),
    )
