"""What a start costs, beside the start of the libraries that it cannot do without.

Budgets as ratios of medians of interleaved runs: ``--help`` at most 3 times ``import typer``; a
scheduled start that finds nothing due at most 1.3 times ``import typer, sqlmodel``.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 15
PROGRAM = (sys.executable, "-m", "zoomauto")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A command of ours and the floor it is measured against."""

    name: str
    ours: Sequence[str]
    floor: Sequence[str]
    #: Our median may be this many times the floor's.
    budget: float


PAIRS = (
    Pair(
        name="zoomauto --help / import typer",
        ours=(*PROGRAM, "--help"),
        floor=(sys.executable, "-c", "import typer"),
        budget=3.0,
    ),
    Pair(
        name="nothing due / import typer, sqlmodel",
        ours=(*PROGRAM, "run", "nightly", "--scheduled"),
        floor=(sys.executable, "-c", "import typer, sqlmodel"),
        budget=1.3,
    ),
)


def main() -> int:
    """Measure both pairs and print them; give 1 when a budget is missed."""
    with tempfile.TemporaryDirectory() as folder:
        world = isolated(Path(folder))
        prepare(world)
        ratios = [(pair, *measure(pair, world)) for pair in PAIRS]
    print(f"{'':38} {'ours':>9} {'floor':>9} {'ratio':>6} {'budget':>6}")
    for pair, ours, floor in ratios:
        print(
            f"{pair.name:38} {ours * 1000:6.0f} ms {floor * 1000:6.0f} ms"
            f" {ours / floor:6.2f} {pair.budget:6.2f}"
        )
    return int(any(ours / floor > pair.budget for pair, ours, floor in ratios))


def isolated(folder: Path) -> Mapping[str, str]:
    """Make an environment without this user's configuration and data."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ZOOMAUTO_"))}
    return kept | {"HOME": str(folder)}


def prepare(world: Mapping[str, str]) -> None:
    """Make a database with one job that is not due: it was created after its last occurrence."""
    recordings = Path(world["HOME"], "recordings")
    recordings.mkdir()
    for arguments in (
        ("source", "add", "laptop", "--type", "folder", "--option", f"path={recordings}"),
        ("template", "create", "everything"),
        ("job", "create", "Nightly", "--template", "everything", "--daily", "03:00"),
    ):
        subprocess.run([*PROGRAM, *arguments], env=world, check=True, capture_output=True)


def measure(pair: Pair, world: Mapping[str, str]) -> tuple[float, float]:
    """Give the medians of both in seconds; runs alternate, so that both meet the same weather."""
    ours, floor = [], []
    for _ in range(ROUNDS):
        floor.append(timed(pair.floor, world))
        ours.append(timed(pair.ours, world))
    return statistics.median(ours), statistics.median(floor)


def timed(command: Sequence[str], world: Mapping[str, str]) -> float:
    """Run a command that must succeed; give its wall-clock time in seconds."""
    begin = time.perf_counter()
    subprocess.run(command, env=world, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
