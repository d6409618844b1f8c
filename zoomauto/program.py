"""How this program is called again by a scheduler, whose environment knows nothing of ours.

cron and systemd set HOME from the system's table of users and pass on none of our variables. What
this process found elsewhere is carried: as options, and where there is none as variables behind
``env``. What must not be seen there, a password, is an obstacle.
"""

import os
import pwd
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from zoomauto.domain.invocation import Invocation, Obstacle
from zoomauto.settings import Settings, without_password

#: Settings without an option of their own -> the kind of platform folder that their default is in.
_CARRIED = {
    "workspace": "data",
    "log_file": "state",
    "state_folder": "state",
    "parallel": None,
    "nice": None,
    "on_failure": None,
}
#: Where every scheduler looks for programs: the PATH of cron.
_SCHEDULERS_PATH = "/usr/bin:/bin"
_FOLDERS = {"data": ".local/share", "state": ".local/state"}
#: What libpq takes from its environment, secrets aside (its manual, section 34.15).
_LIBPQ = (
    "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSFILE", "PGSERVICE",
    "PGSERVICEFILE", "PGOPTIONS", "PGSSLMODE", "PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT",
)  # fmt: skip
_SQLITE = "sqlite:///"


def invocation(settings: Settings, environment: Mapping[str, str], *, scope: str) -> Invocation:
    """Give the words that call this program with these settings, whoever starts it.

    With the scope ``system`` it will run as the owner, else as the user of this process.
    """
    account = _account(settings, scope)
    call = _Call(
        settings=settings,
        environment=environment,
        home=Path(account.pw_dir) if account else None,
        is_other_user=account is not None and account.pw_uid != os.geteuid(),
    )
    variables = [f"{name}={value}" for name, value in call.variables()]
    prefix = ("/usr/bin/env", *variables) if variables else ()
    return Invocation(
        words=(*prefix, *_program(), *call.options()),
        obstacles=tuple(call.obstacles()),
        on_failure=settings.on_failure,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    settings: Settings
    environment: Mapping[str, str]
    #: Of the user who will be the one that is started.
    home: Path | None
    #: Whether that is somebody else, who has folders of their own and may not enter ours.
    is_other_user: bool

    def options(self) -> Iterator[str]:
        if self.settings.config_file.exists():
            yield from ("--config", str(self.settings.config_file))
        url = self._absolute_url()
        is_found_again = self._is_in_file("database_url") and url == self.settings.database_url
        if self.is_other_user:
            is_usual = url == self._usual_url()
        else:
            is_usual = self._origin("database_url") == "default" and not self._has_moved("data")
        if not (is_found_again or is_usual or self._has_outside_password()):
            yield from ("--database-url", url)
        yield from ("--owner", self.settings.owner)

    def variables(self) -> Iterator[tuple[str, str]]:
        for key, folder in _CARRIED.items():
            value, origin = getattr(self.settings, key), self._origin(key)
            is_ours = origin == "default" and not self.is_other_user
            has_moved = folder is not None and self._has_moved(folder)
            if origin == "environment" or (is_ours and has_moved):
                yield f"ZOOMAUTO_{key.upper()}", str(value)
        if ffmpeg := self._ffmpeg():
            yield "ZOOMAUTO_FFMPEG", ffmpeg
        if self._is_on_server():
            found = (name for name in _LIBPQ if self.environment.get(name))
            yield from ((name, self.environment[name]) for name in found)

    def obstacles(self) -> Iterator[Obstacle]:
        file = self.settings.config_file
        if self._has_outside_password():
            origin = self._origin("database_url")
            where = "a flag" if origin == "flag" else "ZOOMAUTO_DATABASE_URL"
            yield Obstacle(
                message=f"the database URL holds a password and comes from {where}: no entry may"
                " show it",
                hint=f'write database_url = "..." into {file}, and chmod 600 {file}',
            )
        if self.is_other_user and self._origin("database_url") == "default":
            yield Obstacle(
                message=f"{self.settings.owner} runs the jobs, and cannot open the database of the"
                " user who asks for it",
                hint=f"--database-url {self._usual_url()}, or a --config that both can read and"
                " that names one",
            )
        if self._is_on_server() and self.environment.get("PGPASSWORD"):
            yield Obstacle(
                message="the database's password comes from PGPASSWORD, which a scheduler does not"
                " set",
                hint="write it into ~/.pgpass (chmod 600), and unset PGPASSWORD",
            )

    def _ffmpeg(self) -> str | None:
        """Give the ffmpeg of this process, where a scheduler would find another one or none."""
        setting = self.settings.ffmpeg
        told = setting if self._origin("ffmpeg") == "environment" else None
        name = setting or "ffmpeg"
        if "/" in name or shutil.which(name, path=_SCHEDULERS_PATH):
            return told
        found = shutil.which(name, path=self.environment.get("PATH"))
        return str(Path(found).absolute()) if found else told

    def _origin(self, key: str) -> str:
        return self.settings.origins.get(key, "default")

    def _is_in_file(self, key: str) -> bool:
        return self._origin(key) == "file"

    def _is_on_server(self) -> bool:
        return not self.settings.database_url.startswith("sqlite:")

    def _has_outside_password(self) -> bool:
        url = self.settings.database_url
        return not self._is_in_file("database_url") and without_password(url) != url

    def _absolute_url(self) -> str:
        # A scheduler starts in another folder.
        url = self.settings.database_url
        path = url.removeprefix(_SQLITE)
        return url if path == url else f"{_SQLITE}{Path(path).absolute()}"

    def _usual_url(self) -> str:
        """Give what the database is for who will be started, when nothing is said of it."""
        return f"{_SQLITE}{self.home}/{_FOLDERS['data']}/zoomauto/zoomauto.db"

    def _has_moved(self, kind: str) -> bool:
        """Whether a platform folder is elsewhere for who will be started."""
        if self.home is None:
            return True
        usual = self.home / _FOLDERS[kind]
        here = self.environment.get(f"XDG_{kind.upper()}_HOME")
        return (Path(here) if here else Path.home() / _FOLDERS[kind]) != usual


def _program() -> tuple[str, ...]:
    """Give the running program by its absolute path; links stay, they survive an upgrade."""
    name = Path(sys.argv[0]).name
    found = shutil.which(sys.argv[0])
    if found and not name.endswith(".py"):
        return (str(Path(found).absolute()),)
    return (sys.executable, "-m", "zoomauto")


def _account(settings: Settings, scope: str) -> pwd.struct_passwd | None:
    """Give the user who will be started; None for an owner who is no user of this host."""
    try:
        return pwd.getpwnam(settings.owner) if scope == "system" else pwd.getpwuid(os.getuid())
    except KeyError:
        return None
