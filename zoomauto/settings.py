"""Flags, environment and TOML file, laid over each other into one frozen Settings.

Only the standard library is imported at the top: every command, ``--help`` too, loads this module.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoomauto.errors import ConfigurationError

#: Setting -> what it is for. Environment: ``ZOOMAUTO_`` and the name in capitals.
KNOWN: dict[str, str] = {
    "database_url": "sqlite:///PATH or postgresql://USER@HOST/NAME",
    "workspace": "folder for work in progress",
    "owner": "whose jobs and recordings are meant",
    "timezone": "IANA zone of schedules that name none",
    "ffmpeg": "path of the ffmpeg program",
    "log_file": "where scheduled runs write their full detail",
    "state_folder": "folder for logins, and for locks, backups and scripts of scheduler backends",
    "parallel": "how many recordings a run processes at once",
    "nice": "how far ffmpeg steps back for other programs, 0 to 19",
    "on_failure": "a unit that systemd starts when a scheduled run fails",
}
#: Those that are numbers -> their defaults. Two recordings: one waits for the network meanwhile.
_NUMBERS = {"parallel": "2", "nice": "10"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that is decided outside the database."""

    #: The TOML file; it need not exist unless it was named.
    config_file: Path
    database_url: str
    workspace: Path
    owner: str
    timezone: str
    #: None means that ffmpeg is looked for.
    ffmpeg: str | None
    log_file: Path
    state_folder: Path
    parallel: int
    nice: int
    #: As in ``tell@%n.service``; None for none. Nothing to do with cron.
    on_failure: str | None
    #: Setting -> where its value came from: ``flag``, ``environment``, ``file`` or ``default``.
    origins: Mapping[str, str] = field(default_factory=dict)


def load_settings(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> Settings:
    """Lay flag over environment over TOML file over default (contract, section 1).

    Raise ConfigurationError for an unreadable file, broken TOML (with line and column), unknown
    keys and unusable values.
    """
    named = flags.get("config") or environment.get("ZOOMAUTO_CONFIG")
    config_file = config_path(flags, environment)
    layers = {
        "flag": {k: v for k, v in flags.items() if k in KNOWN and v is not None},
        "environment": {
            key: value for key in KNOWN if (value := environment.get(f"ZOOMAUTO_{key.upper()}"))
        },
        "file": _read_file(config_file, must_exist=bool(named)),
    }
    values: dict[str, str] = {}
    origins: dict[str, str] = {}
    for key in KNOWN:
        origin = next((name for name, layer in layers.items() if key in layer), "default")
        origins[key] = origin
        values[key] = layers[origin][key] if origin != "default" else _default(key)
    return Settings(
        config_file=config_file,
        database_url=values["database_url"],
        workspace=Path(values["workspace"]).expanduser().absolute(),
        owner=_owner(values["owner"]),
        timezone=_timezone(values["timezone"], origins["timezone"]),
        ffmpeg=values["ffmpeg"] or None,
        log_file=Path(values["log_file"]).expanduser().absolute(),
        state_folder=Path(values["state_folder"]).expanduser().absolute(),
        parallel=_number(values, origins, "parallel", range(1, 33)),
        nice=_number(values, origins, "nice", range(20)),
        on_failure=values["on_failure"] or None,
        origins=origins,
    )


def config_path(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> Path:
    """Give the absolute path of the TOML file, whether or not there is one."""
    named = flags.get("config") or environment.get("ZOOMAUTO_CONFIG")
    file = Path(named).expanduser() if named else _platform("config") / "config.toml"
    return file.absolute()


def without_password(url: str) -> str:
    """Give a database URL as it may be shown: any URL, even one that cannot be used."""
    masked = re.sub(r"(://[^:@/]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&]\w*password=)[^&]*", r"\1***", masked)


def _read_file(path: Path, *, must_exist: bool) -> dict[str, str]:
    import tomllib  # --help never reads a file

    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if not must_exist:
            return {}
        raise ConfigurationError(
            f"there is no configuration file {path}", hint="zoomauto config path"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    try:
        table = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error
    return _checked(path, table)


def _checked(path: Path, table: Mapping[str, Any]) -> dict[str, str]:
    if unknown := [key for key in table if key not in KNOWN]:
        raise ConfigurationError(
            f"{path} has unknown settings: {', '.join(unknown)}", hint=f"known: {', '.join(KNOWN)}"
        )
    for key, value in table.items():
        is_number = key in _NUMBERS and type(value) is int
        if not (isinstance(value, str) or is_number):
            raise ConfigurationError(f"{path}: {key} must be text, not {value!r}")
    return {key: str(value) for key, value in table.items()}


def _default(key: str) -> str:
    match key:
        case "database_url":
            return f"sqlite:///{_platform('data') / 'zoomauto.db'}"
        case "workspace":
            return str(_platform("data") / "workspace")
        case "log_file":
            return str(_platform("state") / "zoomauto.log")
        case "state_folder":
            return str(_platform("state"))
        case "owner":
            return _user_name()
        case "timezone":
            return _host_timezone()
    return _NUMBERS.get(key, "")


def _platform(kind: str) -> Path:
    import platformdirs  # 10 ms that --help does not pay

    folder: Path = getattr(platformdirs, f"user_{kind}_path")("zoomauto", appauthor=False)
    return folder


def _user_name() -> str:
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "user"


def _host_timezone() -> str:
    from tzlocal import get_localzone_name  # read only where a command loads settings

    try:
        return get_localzone_name() or "UTC"
    except (KeyError, ValueError, OSError):  # the host names no zone, or two that disagree
        return "UTC"


def _owner(name: str) -> str:
    if not name.strip() or "\x00" in name:
        raise ConfigurationError("the owner cannot be empty", hint="ZOOMAUTO_OWNER=name")
    return name


def _number(values: Mapping[str, str], origins: Mapping[str, str], key: str, allowed: range) -> int:
    text = values[key].strip()
    if text.isascii() and text.isdecimal() and int(text) in allowed:
        return int(text)
    raise ConfigurationError(
        f"{key} must be a number from {allowed[0]} to {allowed[-1]}, not {values[key]!r}"
        f" (from {origins[key]})",
        hint="zoomauto config show",
    )


def _timezone(name: str, origin: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError) as error:
        raise ConfigurationError(
            f"there is no time zone {name!r} (from {origin})", hint="an IANA name: Europe/Berlin"
        ) from error
