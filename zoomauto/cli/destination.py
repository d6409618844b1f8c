"""``zoomauto destination``: where results go."""

import os
import sys
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun
from zoomauto.cli._options import OptionPairs, SecretPairs, Yes, confirm, pairs, secret_pairs

app = Noun("Named places that results go to.")

DestinationName = Annotated[
    str, typer.Argument(metavar="DESTINATION", help="Id or name of a destination.")
]


@app.verb("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    type_name: Annotated[
        str,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="folder, object-store, webdav, sftp, rclone, command, youtube or google-drive.",
        ),
    ],
    option: OptionPairs = None,
    secret: SecretPairs = None,
) -> None:
    """Add a named place that results go to.

    A folder needs no name of its own: templates take `--destination folder:/path` too.

    Example:
        zoomauto destination add archive --type folder --option path=/srv/lectures
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        added = opened.add_destination()(
            call.owner,
            name,
            type_name=type_name,
            options=pairs(option, flag="--option"),
            secrets=secret_pairs(secret),
        )
    render.changed_destination(call, added, "added")


@app.verb("list")
def list_destinations(context: typer.Context) -> None:
    """Show the named destinations.

    Example:
        zoomauto destination list
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        destinations = opened.list_destinations()(call.owner)
    render.destinations(call, destinations)


@app.verb("show")
def show(context: typer.Context, destination: DestinationName) -> None:
    """Show one destination with its options.

    Example:
        zoomauto destination show archive
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        found = opened.show_destination()(call.owner, destination)
    render.destination(call, found)


@app.verb("update")
def update(
    context: typer.Context,
    destination: DestinationName,
    option: OptionPairs = None,
    secret: SecretPairs = None,
) -> None:
    """Change the options or secrets of a destination.

    What is not named stays as it is; KEY= takes an option away. Type and name stay: templates,
    and what was published there, go by them.

    Example:
        zoomauto destination update archive --option path=/mnt/lectures
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        changed = opened.update_destination()(
            call.owner,
            destination,
            options=pairs(option, flag="--option"),
            secrets=secret_pairs(secret),
        )
    render.changed_destination(call, changed, "changed")


@app.verb("check")
def check(context: typer.Context, destination: DestinationName) -> None:
    """Prove that a destination can be written, and say what is missing.

    Example:
        zoomauto destination check archive
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render
    from zoomauto.cli._progress import waiting

    call = Call.of(context)
    with open_app(call.settings) as opened, waiting(f"asking destination {destination}"):
        checks = opened.check_destination()(call.owner, destination)
    render.checks(call, f"destination {destination}", checks)


@app.verb("login")
def login(
    context: typer.Context,
    destination: DestinationName,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the page's address.")
    ] = False,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Port of this machine for the way back; 0: any."),
    ] = 0,
    timeout: Annotated[
        int, typer.Option(min=1, metavar="SECONDS", help="How long to wait for the person.")
    ] = 300,
) -> None:
    """Log in to a destination that belongs to a person's account.

    The page is opened in the browser of this machine, or in one that reaches the port, as with
    `ssh -L 8085:127.0.0.1:8085`. What was granted is kept in the state folder.

    Example:
        zoomauto destination login channel
        zoomauto destination login channel --no-browser --port 8085
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render
    from zoomauto.ports.destination import Visit

    call = Call.of(context)
    visit = Visit(
        open_page=partial(_open_page, in_browser=not no_browser),
        patience=timedelta(seconds=timeout),
        port=port,
    )
    with open_app(call.settings) as opened:
        checks = opened.log_in_to_destination()(call.owner, destination, visit)
    render.checks(call, f"destination {destination}", checks)


@app.verb("remove")
def remove(context: typer.Context, destination: DestinationName, yes: Yes = False) -> None:
    """Forget a destination; what was published there stays.

    Example:
        zoomauto destination remove archive --yes
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_place as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        found = opened.show_destination()(call.owner, destination)
        confirm(f"Forget destination {found.name!r}?", is_confirmed=yes)
        removed = opened.remove_destination()(call.owner, destination)
    render.changed_destination(call, removed, "removed")


def _open_page(address: str, *, in_browser: bool) -> None:
    """Show the address, and open it where there is a screen: no browser within the terminal."""
    typer.echo(f"Log in on this page:\n{address}", err=True)
    if in_browser and (
        sys.platform == "darwin"
        or any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
    ):
        import webbrowser

        webbrowser.open(address)
