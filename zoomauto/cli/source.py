"""``zoomauto source``: where recordings come from."""

from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun
from zoomauto.cli._options import OptionPairs, SecretPairs, Yes, confirm, pairs, secret_pairs

app = Noun("Places that recordings come from.")

SourceName = Annotated[str, typer.Argument(metavar="SOURCE", help="Id or name of a source.")]


@app.verb("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    type_name: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="Kind of source, as in folder.")
    ],
    option: OptionPairs = None,
    secret: SecretPairs = None,
) -> None:
    """Add a place that recordings come from.

    Nothing is contacted; `zoomauto source check` does that.

    Example:
        zoomauto source add laptop --type folder --option path=~/Documents/Zoom
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render
    from zoomauto.usecases.edit_sources import SourceChange

    call = Call.of(context)
    change = SourceChange(
        name=name, options=pairs(option, flag="--option"), secrets=secret_pairs(secret)
    )
    with open_app(call.settings) as opened:
        source = opened.add_source()(call.owner, type_name, change)
    render.changed_source(call, source, "added")


@app.verb("list")
def list_sources(context: typer.Context) -> None:
    """Show the sources.

    Example:
        zoomauto source list
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        sources = opened.list_sources()(call.owner)
    render.sources(call, sources)


@app.verb("show")
def show(context: typer.Context, source: SourceName) -> None:
    """Show one source with its options.

    Example:
        zoomauto source show laptop
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        found = opened.show_source()(call.owner, source)
    render.source(call, found)


@app.verb("update")
def update(
    context: typer.Context,
    source: SourceName,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A new name.")] = None,
    option: OptionPairs = None,
    secret: SecretPairs = None,
) -> None:
    """Change the name, options or secrets of a source.

    What is not named stays as it is; KEY= takes an option away.

    Example:
        zoomauto source update laptop --option settle_seconds=300
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render
    from zoomauto.usecases.edit_sources import SourceChange

    call = Call.of(context)
    change = SourceChange(
        name=name, options=pairs(option, flag="--option"), secrets=secret_pairs(secret)
    )
    with open_app(call.settings) as opened:
        changed = opened.update_source()(call.owner, source, change)
    render.changed_source(call, changed, "changed")


@app.verb("enable")
def enable(context: typer.Context, source: SourceName) -> None:
    """Let jobs list a source again.

    Example:
        zoomauto source enable laptop
    """
    _switch(context, source, is_active=True)


@app.verb("disable")
def disable(context: typer.Context, source: SourceName) -> None:
    """Keep a source, but let no job list it.

    Example:
        zoomauto source disable laptop
    """
    _switch(context, source, is_active=False)


@app.verb("remove")
def remove(context: typer.Context, source: SourceName, yes: Yes = False) -> None:
    """Forget a source and what is known of its recordings.

    Example:
        zoomauto source remove laptop --yes
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        found = opened.show_source()(call.owner, source)
        question = f"Forget source {found.name!r} with all that is known of its recordings?"
        confirm(question, is_confirmed=yes)
        removed = opened.remove_source()(call.owner, source)
    render.changed_source(call, removed, "removed")


@app.verb("check")
def check(context: typer.Context, source: SourceName) -> None:
    """Prove that a source works, and say what is missing.

    Example:
        zoomauto source check laptop
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render
    from zoomauto.cli._progress import waiting

    call = Call.of(context)
    with open_app(call.settings) as opened, waiting(f"asking source {source}"):
        checks = opened.check_source()(call.owner, source)
    render.checks(call, f"source {source}", checks)


def _switch(context: typer.Context, source: str, *, is_active: bool) -> None:
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render
    from zoomauto.usecases.edit_sources import SourceChange

    call = Call.of(context)
    with open_app(call.settings) as opened:
        changed = opened.update_source()(call.owner, source, SourceChange(is_active=is_active))
    render.changed_source(call, changed, "enabled" if is_active else "disabled")
