"""The demonstration as it is shown: told line by line, then one answer."""

from collections.abc import Callable

import typer

from zoomauto.cli._call import Call, Output
from zoomauto.cli._render import Answer, harmless, show
from zoomauto.demo import DemoReport


def narrator(call: Call, *, is_quiet: bool) -> Callable[[str], None]:
    """Give what hears the story: stdout for people, stderr beside JSON, nobody when quiet."""

    def say(text: str) -> None:
        if not is_quiet:
            lines = (harmless(line) for line in text.split("\n"))
            typer.echo("\n".join(lines), err=call.output is Output.JSON)

    return say


def report(call: Call, found: DemoReport) -> None:
    """Show what the demonstration left; people have read it already."""
    published = [
        {
            "name": file.name,
            "size_bytes": file.size_bytes,
            "duration_seconds": file.duration_seconds,
        }
        for file in found.published
    ]
    data = {
        "folder": str(found.folder),
        "published": published,
        "schedule_in_words": found.schedule,
        "occurrences": list(found.occurrences),
    }
    show(call, Answer(data=data))
