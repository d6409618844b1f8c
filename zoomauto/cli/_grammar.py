"""How the words of the command line fit together: commands, nouns, and the options all share."""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

#: Options of the root that every noun and verb takes too.
SHARED = ("config", "database_url", "owner", "output", "verbose", "version")


class Command(TyperCommand):
    """A verb."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Give its own options, then the shared ones."""
        return _with_shared(ctx, super().get_params(ctx))

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the help as it is written: examples keep their lines."""
        _write_help(self.help, formatter)


class Group(TyperGroup):
    """A noun, or the program itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Give its own options, then the shared ones."""
        return _with_shared(ctx, super().get_params(ctx))

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the help as it is written: examples keep their lines."""
        _write_help(self.help, formatter)


class Noun(typer.Typer):
    """A group of verbs; ``-h`` and the shared options work on each of them."""

    def __init__(self, help_text: str, **settings: Any) -> None:
        super().__init__(
            cls=Group,
            help=help_text,
            no_args_is_help=True,
            # Plain help: markup would cost the import of Rich on every --help.
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
            **settings,
        )

    def verb(self, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Register a function as a command of this noun."""
        return self.command(name, cls=Command)


def _with_shared(ctx: Any, own: list[Any]) -> list[Any]:
    known = {parameter.name for parameter in own}
    shared = [
        parameter
        for parameter in ctx.find_root().command.params
        if parameter.name in SHARED and parameter.name not in known
    ]
    return [*own, *shared]


def _write_help(text: str | None, formatter: Any) -> None:
    if not text:
        return
    formatter.write_paragraph()
    with formatter.indentation():
        # A paragraph that begins with this mark is not wrapped.
        formatter.write_text(text.replace("\n\nExample:\n", "\n\n\b\nExample:\n"))
