"""Documents that cannot lie: generated pages current, links that lead somewhere, complete help."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

MENTION = re.compile(r"(?:^ *|[`(]|\$ |&& )zoomauto ([a-z]+)(?: ([a-z]+))?", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SUMMARY_WIDTH = 72


@pytest.fixture(scope="module")
def generate(root: Path) -> ModuleType:
    """The generator, loaded from where it lies."""
    spec = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def commands(generate: ModuleType) -> dict[str, Any]:
    """Every visible command by its full name."""
    return dict(generate.commands())


@pytest.fixture(scope="module")
def verbs(generate: ModuleType, commands: dict[str, Any]) -> dict[str, str]:
    """The help text of every command that does something."""
    return {
        path: generate.help_text(command)
        for path, command in commands.items()
        if not generate.is_group(command)
    }


@pytest.fixture(scope="module")
def pages(root: Path) -> list[Path]:
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def test_the_generated_pages_are_current(root: Path):
    result = subprocess.run(
        [sys.executable, root / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_command_has_a_section_in_the_reference(root: Path, commands: dict[str, Any]):
    page = (root / "docs" / "reference" / "cli.md").read_text()
    headings = set(re.findall(r"^## (.+)$", page, re.MULTILINE))
    assert headings == set(commands)


def test_every_summary_is_one_short_sentence(generate: ModuleType, commands: dict[str, Any]):
    summaries = {path: generate.summary(command) for path, command in commands.items()}
    wrong = {
        path: summary
        for path, summary in summaries.items()
        if not (1 < len(summary) <= SUMMARY_WIDTH and summary.endswith("."))
    }
    assert wrong == {}


def test_every_help_text_has_an_example_of_its_own_command(verbs: dict[str, str]):
    without = [path for path, text in verbs.items() if not _shows(path, text)]
    assert without == []


def _shows(path: str, text: str) -> bool:
    # Global options may stand between the program and the noun.
    words = r"\s.*?".join(map(re.escape, path.split(maxsplit=1)))
    return re.search(rf"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*{words}\b", text, re.MULTILINE) is not None


def test_every_option_says_what_it_means(commands: dict[str, Any]):
    silent = [
        f"{path} {parameter.name}"
        for path, command in commands.items()
        for parameter in command.params
        if parameter.name != "help" and not getattr(parameter, "hidden", False)
        if not (parameter.help or "").strip()
    ]
    assert silent == []


def test_every_command_that_a_page_mentions_exists(
    generate: ModuleType, commands: dict[str, Any], pages: list[Path]
):
    unknown = {
        f"{page.name}: zoomauto {noun} {verb}".strip()
        for page in pages
        for noun, verb in MENTION.findall(page.read_text())
        if not _exists(generate, commands, noun, verb)
    }
    assert unknown == set()


def _exists(generate: ModuleType, commands: dict[str, Any], noun: str, verb: str) -> bool:
    command = commands.get(f"zoomauto {noun}")
    if command is None:
        return False
    return not (verb and generate.is_group(command)) or f"zoomauto {noun} {verb}" in commands


def test_every_link_between_pages_leads_to_a_file_and_a_heading(pages: list[Path]):
    broken = [
        f"{page}: {target}"
        for page in pages
        for target in LINK.findall(FENCE.sub("", page.read_text()))
        if not re.match(r"[a-z]+:", target) and not _resolves(page, target)
    ]
    assert broken == []


def _resolves(page: Path, target: str) -> bool:
    name, _, fragment = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    if not path.exists():
        return False
    return not fragment or fragment in _anchors(path)


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_every_page_can_be_reached_from_the_index(root: Path, pages: list[Path]):
    index = root / "docs" / "index.md"
    seen: set[Path] = set()
    waiting = [index]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = LINK.findall(FENCE.sub("", page.read_text()))
        waiting += [(page.parent / t.partition("#")[0]).resolve() for t in targets if ":" not in t]
    assert set(pages) - {root / "README.md"} - seen == set()
