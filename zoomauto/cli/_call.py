"""One call of the program: what the shared options said, wherever on the line they stood."""

import os
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import typer

from zoomauto.settings import Settings, load_settings


class Output(StrEnum):
    """How a command shows its answer."""

    TABLE = "table"
    JSON = "json"


@dataclass(kw_only=True)
class Call:
    """What was asked for beside the command's own options."""

    #: Noun and verb, as in ``job list``.
    command: str = ""
    #: Setting -> value of its flag.
    flags: dict[str, str] = field(default_factory=dict)
    output: Output = Output.TABLE
    is_verbose: bool = False

    @classmethod
    def of(cls, context: typer.Context) -> "Call":
        """Give the call that a command belongs to."""
        root = context.find_root()
        if not isinstance(root.obj, cls):
            root.obj = cls()
        return root.obj

    @cached_property
    def settings(self) -> Settings:
        """Every setting. Raise ConfigurationError as :func:`load_settings` does."""
        return load_settings(self.flags, os.environ)

    @property
    def owner(self) -> str:
        """Whose things are meant."""
        return self.settings.owner


def remember_flag(context: typer.Context, option: typer.CallbackParam, value: str | None) -> None:
    """Keep the value of a flag that is a setting; one nearer to the verb wins."""
    call = _here(context)
    if value is not None and option.name is not None:
        call.flags[option.name] = value


def remember_output(context: typer.Context, value: Output | None) -> None:
    """Keep how the answer is to be shown."""
    call = _here(context)
    if value is not None:
        call.output = value


def remember_verbose(context: typer.Context, *, value: bool) -> None:
    """Let every log record reach stderr."""
    call = _here(context)
    if value:
        # 15 ms that a quiet start does not pay.
        from zoomauto.logs import log_to_stderr

        call.is_verbose = True
        log_to_stderr(verbose=True)


def show_version(*, value: bool) -> None:
    """Say which version this is, and end."""
    if value:
        from zoomauto import __version__

        typer.echo(f"zoomauto {__version__}")
        raise typer.Exit


def command_words(path: str) -> str:
    """Give noun and verb of a command path, without the program's name."""
    return path.partition(" ")[2]


def _here(context: typer.Context) -> Call:
    call = Call.of(context)
    call.command = command_words(context.command_path)
    return call
