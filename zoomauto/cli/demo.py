"""``zoomauto demo``: the whole way, shown on recordings of its own."""

from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._options import Quiet, pairs
from zoomauto.errors import UsageError


def demo(
    context: typer.Context,
    *,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Only keep its fake Zoom cloud running, until Ctrl-C."),
    ] = False,
    trap: Annotated[
        list[str] | None,
        typer.Option(
            "--trap",
            metavar="NAME=VALUE",
            help="With --serve: what goes wrong, as in download_faults=html,cut; all: everything.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Show the whole way in ./zoomauto-demo, with nothing set up before.

    Makes short recordings with ffmpeg, serves them from a fake Zoom cloud on this machine, and
    types every command from source to publication.
    Its settings and database stay in that folder, which the next demo empties.

    Example:
        zoomauto demo --serve --trap api_faults=qps,reset --trap token_ttl=20
    """
    from zoomauto.cli import _render_demo as render
    from zoomauto.demo import demonstration

    call = Call.of(context)
    if trap and not serve:
        raise UsageError("--trap needs --serve", hint="zoomauto demo --serve --trap all")
    demonstrate = demonstration(call.settings, say=render.narrator(call, is_quiet=quiet))
    if serve:
        demonstrate.serve({"all": ""} if trap == ["all"] else pairs(trap, flag="--trap"))
        return
    report = demonstrate()
    render.report(call, report)
