"""Options that several commands share, and the reading of ``KEY=VALUE``."""

import sys
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from zoomauto.errors import UsageError, ZoomautoError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]
Limit = Annotated[int, typer.Option("--limit", min=0, metavar="N", help="How many; 0 for all.")]
OptionPairs = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="KEY=VALUE", help="An option of that type."),
]
SecretPairs = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="KEY=REF",
        help="Where a secret is found: env:NAME, file:/path, credential:NAME,"
        " keyring:service/user or command:...",
    ),
]
SettingPairs = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Processing config, as in trim.threshold_db=-38; trim= takes that table away.",
    ),
]


class Declined(ZoomautoError):
    """Nothing was changed: the answer was no."""


def pairs(words: Sequence[str] | None, *, flag: str, at_last: bool = False) -> dict[str, str]:
    """Read ``KEY=VALUE`` words; the last one that names a key decides.

    ``at_last``: a key may hold equals signs, and the value none.
    """
    read: dict[str, str] = {}
    for word in words or ():
        key, equals, value = word.rpartition("=") if at_last else word.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"{flag} takes KEY=VALUE, not {word!r}")
        read[key.strip()] = value
    return read


def secret_pairs(words: Sequence[str] | None) -> dict[str, str]:
    """Read ``KEY=REF`` words. A refused one may be a secret, so it is never repeated."""
    if any("=" not in word for word in words or ()):
        raise UsageError("--secret takes KEY=REF", hint="--secret client_secret=env:ZOOM_SECRET")
    return pairs(words, flag="--secret")


def given(words: Sequence[str] | None) -> tuple[str, ...] | None:
    """Give a repeated option as a tuple; None when it was not given, empty for an empty text."""
    if not words:
        return None
    return tuple(word for word in words if word)


def confirm(question: str, *, is_confirmed: bool) -> None:
    """Ask before something is lost. Raise UsageError when nobody is there to answer."""
    if is_confirmed:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is there to answer", hint="add --yes")
    if not typer.confirm(question, err=True):
        raise Declined


def day(text: str | None) -> date | None:
    """Read a date. Raise UsageError."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"there is no day {text!r}", hint="write it as 2026-11-01") from error
