"""Options of ``template create`` and ``template update``."""

from enum import StrEnum
from typing import Annotated

import typer


class Fate(StrEnum):
    """What becomes of recordings at their source once they are published."""

    NEVER = "never"
    TRASH = "trash"


Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="For people.")
]
Exact = Annotated[list[str] | None, typer.Option("--exact", metavar="T", help="The whole name.")]
Keyword = Annotated[
    list[str] | None, typer.Option("--keyword", metavar="T", help="A part of the name.")
]
Pattern = Annotated[
    list[str] | None,
    typer.Option("--pattern", metavar="RE", help="A regular expression found in the name."),
]
ExcludeKeyword = Annotated[
    list[str] | None,
    typer.Option("--exclude-keyword", metavar="T", help="Rejects names that contain it."),
]
ExcludePattern = Annotated[
    list[str] | None,
    typer.Option("--exclude-pattern", metavar="RE", help="Rejects names that it is found in."),
]
Source = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="S", help="Only recordings of this source."),
]
CaseSensitive = Annotated[
    bool | None,
    typer.Option("--case-sensitive/--ignore-case", help="Whether capitals count; they do not."),
]
Destination = Annotated[
    list[str] | None,
    typer.Option(
        "--destination", metavar="D", help="Where results go: folder:/path, or a stored name."
    ),
]
Naming = Annotated[
    str | None,
    typer.Option("--naming", metavar="PATTERN", help="Names of results: {date} {topic} [{id}]."),
]
Artifacts = Annotated[
    list[str] | None,
    typer.Option(
        "--artifacts",
        metavar="D=KIND,...",
        help="What a destination is given: video, audio, subtitles, transcript, chapters, chat;"
        " all but the chat where nothing is said.",
    ),
]
Metadata = Annotated[
    list[str] | None,
    typer.Option(
        "--metadata",
        metavar="KEY=PATTERN",
        help="What destinations are told, as in title='{topic}' or description='{chapters}'.",
    ),
]
DeleteFromSource = Annotated[
    Fate | None,
    typer.Option(
        "--delete-from-source",
        metavar="trash|never",
        help="What becomes of recordings at their source once published everywhere.",
    ),
]
GraceDays = Annotated[
    int | None,
    typer.Option("--grace-days", metavar="N", help="Days before they are trashed: 7."),
]
