"""Options of ``schedule render``, ``diff``, ``apply``, ``remove``, ``status`` and ``test``."""

from typing import Annotated

import typer

from zoomauto.errors import UsageError

Backend = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="auto|crontab|systemd",
        help="What starts jobs; auto: what was applied before, else what is usable here.",
    ),
]
Scope = Annotated[
    str | None,
    typer.Option(
        "--scope", metavar="user|system", help="Whose units; of the system: systemd alone."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be changed; change nothing.")
]
NoApply = Annotated[
    bool,
    typer.Option(
        "--no-apply", help="Leave the entries on this host as they are, if there are any."
    ),
]
JobOrNone = Annotated[
    str | None, typer.Argument(metavar="JOB", help="Id, slug or name; or a schedule instead.")
]


def scope_named(word: str | None) -> str | None:
    """Read ``--scope``. Raise UsageError."""
    if word in (None, "user", "system"):
        return word
    raise UsageError(f"there is no scope {word!r}", hint="--scope user, or --scope system")
