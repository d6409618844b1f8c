"""``zoomauto config``: settings and where they come from."""

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun

app = Noun("Settings: what they are and where they come from.")


@app.verb("show")
def show(context: typer.Context) -> None:
    """Show every setting with its value and where it came from.

    Example:
        zoomauto config show
    """
    from zoomauto.cli import _render_settings as render

    call = Call.of(context)
    render.settings(call, call.settings)


@app.verb("path")
def path(context: typer.Context) -> None:
    """Say where the settings file is, or would be.

    Example:
        zoomauto config path
    """
    import os

    from zoomauto.cli import _render_settings as render
    from zoomauto.settings import config_path

    call = Call.of(context)
    render.path(call, config_path(call.flags, os.environ))


@app.verb("check")
def check(context: typer.Context) -> None:
    """Try the settings: file, database, ffmpeg, time zone, folders.

    Example:
        zoomauto config check
    """
    from zoomauto.cli import _render_settings as render
    from zoomauto.cli._checks import check_settings

    call = Call.of(context)
    render.settings_check(call, check_settings(call.settings))
