"""Write the pages that would drift if people wrote them.

``python docs/generate.py`` writes ``docs/reference/cli.md`` from the live command tree and
``docs/reference/adapters.md`` from the registry; ``--check`` writes nothing and fails when a page
is stale. Both pages depend on the code alone: not on the terminal, the machine or its plug-ins.
"""

import dataclasses
import inspect
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from zoomauto import registry
from zoomauto.cli import app

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `python docs/generate.py`; edits here are lost. -->"
#: Options whose help is written by Typer, each version in its own words.
TYPERS_OWN = {"help", "install_completion", "show_completion"}
INTRODUCTION = """\
Global options are accepted before or after the noun; `-h` and `--help` work everywhere.
`zoomauto --install-completion` teaches your shell to complete commands.
What the exit codes mean: [exit codes](exit-codes.md).
What `--output json` prints: [JSON output](json-output.md)."""


def main() -> int:
    """Write the stale pages, or only name them with ``--check``; give the exit code."""
    pages = {"cli.md": cli_page(), "adapters.md": adapters_page()}
    stale = [name for name, text in pages.items() if not is_current(REFERENCE / name, text)]
    for name in stale:
        print(f"docs/reference/{name} is stale")
        if "--check" not in sys.argv:
            (REFERENCE / name).write_text(pages[name])
    return 1 if stale and "--check" in sys.argv else 0


def is_current(path: Path, text: str) -> bool:
    """Whether the page exists and says just that."""
    return path.exists() and path.read_text() == text


# Commands


def cli_page() -> str:
    """Make the page of all commands: first a table, then one section each."""
    found = list(commands())
    rows = [
        f"| [`{path}`](#{anchor(path)}) | {summary(command)} |"
        for path, command in found
        if not is_group(command)
    ]
    parts = [
        "# Commands",
        NOTE,
        INTRODUCTION,
        "\n".join(["| Command | |", "|---|---|", *rows]),
        *(section(path, command) for path, command in found),
    ]
    return "\n\n".join(parts) + "\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Give every visible command with its full name, groups before what they hold."""
    yield from _walk("zoomauto", typer.main.get_command(app))


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    if not is_group(command):
        return
    for name, child in command.commands.items():
        if not child.hidden:
            yield from _walk(f"{path} {name}", child)


def is_group(command: Any) -> bool:
    """Whether this is a noun that holds verbs."""
    return hasattr(command, "commands")


def anchor(path: str) -> str:
    """Give the anchor that forges make of a heading."""
    return path.replace(" ", "-")


def help_text(command: Any) -> str:
    """Give a command's help without the marks that only the terminal needs."""
    return inspect.cleandoc(command.help or "").replace("\b", "").strip()


def summary(command: Any) -> str:
    """Give the first line of a command's help."""
    return help_text(command).partition("\n")[0]


def section(path: str, command: Any) -> str:
    """Describe one command: what it does, how it is called, what each option means."""
    parts = [f"## {path}", _as_markdown(help_text(command))]
    if not is_group(command):
        parts.append(f"```text\n{usage(path, command)}\n```")
    shown = [parameter for parameter in command.params if not _is_hidden(parameter)]
    if shown:
        rows = [_row(parameter) for parameter in shown]
        parts.append("\n".join(["| Option | Meaning |", "|---|---|", *rows]))
    return "\n\n".join(part for part in parts if part)


def usage(path: str, command: Any) -> str:
    """Give the one line that shows the order of words."""
    arguments = [p for p in command.params if _is_argument(p) and not _is_hidden(p)]
    words = [_argument_word(argument) for argument in arguments]
    return " ".join([path, "[OPTIONS]", *words])


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _is_hidden(parameter: Any) -> bool:
    return getattr(parameter, "hidden", False) or parameter.name in TYPERS_OWN


def _argument_word(argument: Any) -> str:
    word = (argument.metavar or argument.name.upper()).strip("[]")
    many = "..." if argument.nargs == -1 and not word.endswith("...") else ""
    return f"{word}{many}" if argument.required else f"[{word}{many}]"


def _row(parameter: Any) -> str:
    if _is_argument(parameter):
        name = f"`{_argument_word(parameter)}`"
    else:
        names = ", ".join([*parameter.opts, *parameter.secondary_opts])
        name = f"`{names}{_value(parameter)}`"
    return f"| {_cell(name)} | {_cell(_meaning(parameter))} |"


def _value(option: Any) -> str:
    if option.is_flag:
        return ""
    # Not the type's own word: how that is asked for differs between versions of Typer.
    return f" {option.metavar or option.name.upper().replace('_', '-')}"


def _meaning(parameter: Any) -> str:
    parts = [" ".join((parameter.help or "").split())]
    if not _is_argument(parameter) and parameter.required:
        parts.append("Required.")
    if getattr(parameter, "multiple", False):
        parts.append("May be given several times.")
    if variable := parameter.envvar:
        names = [variable] if isinstance(variable, str) else variable
        parts.append(f"Environment: {', '.join(f'`{name}`' for name in names)}.")
    default = parameter.default
    if isinstance(default, str | int | float) and not isinstance(default, bool) and default != "":
        parts.append(f"Default: `{getattr(default, 'value', default)}`.")
    return " ".join(part for part in parts if part)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _as_markdown(text: str) -> str:
    """Turn the example lines of a help text into code blocks."""
    blocks = []
    for is_code, lines in itertools.groupby(text.splitlines(), key=_is_example):
        block = "\n".join(line.strip() for line in lines).strip()
        if block:
            blocks.append(f"```sh\n{block}\n```" if is_code else block)
    return "\n\n".join(blocks)


def _is_example(line: str) -> bool:
    return bool(re.match(r"\s+\S", line)) or line.startswith(("$ ", "zoomauto "))


# Adapters


def adapters_page() -> str:
    """Make the page of what comes with the program: sources, stages, destinations, schedulers."""
    parts = [
        "# Sources, stages, destinations and schedulers",
        NOTE,
        "What comes with zoomauto. Others can be added: [extending zoomauto](../extend/index.md).",
    ]
    for kind, built_in in registry.BUILT_IN.items():
        parts.append(f"## {kind.capitalize()}s")
        parts += [adapter_section(kind, name) for name in built_in]
    return "\n\n".join(parts) + "\n"


def adapter_section(kind: str, name: str) -> str:
    """Describe one adapter by its class docstring and its options."""
    adapter = registry.load(kind, name)
    parts = [f"### {name}", inspect.cleandoc(adapter.__doc__ or "").replace("``", "`")]
    if options := list(_options(adapter)):
        parts.append("\n".join(["| Option | Default | Meaning |", "|---|---|---|", *options]))
    if secrets := sorted(getattr(adapter, "secret_names", ())):
        listed = ", ".join(f"`{secret}`" for secret in secrets)
        parts.append(f"Secrets, given as references: {listed}.")
    return "\n\n".join(parts)


def _options(adapter: Any) -> Iterator[str]:
    options = getattr(adapter, "Options", None)
    if options is None:
        return
    comments = field_comments(options)
    for field in dataclasses.fields(options):
        yield f"| `{field.name}` | {_default(field)} | {_cell(comments.get(field.name, ''))} |"


def field_comments(options: type) -> dict[str, str]:
    """Read the ``#:`` comments above the fields of a dataclass and of those it extends."""
    comments: dict[str, str] = {}
    pending: list[str] = []
    classes = [c for c in reversed(options.__mro__) if dataclasses.is_dataclass(c)]
    for line in "\n".join(map(inspect.getsource, classes)).splitlines():
        text = line.strip()
        if text.startswith("#:"):
            pending.append(text.removeprefix("#:").strip().replace("``", "`"))
        elif match := re.match(r"(\w+)\s*:", text):
            comments[match[1]] = " ".join(pending)
            pending = []
        else:
            pending = []
    return comments


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{getattr(field.default, 'value', field.default)!r}`"
    if field.default_factory is not dataclasses.MISSING:
        return f"`{field.default_factory()!r}`"
    return "required"


if __name__ == "__main__":
    sys.exit(main())
