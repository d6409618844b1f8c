"""Putting thousands of jobs into a real systemd, beside systemd's own programs doing it bare.

A machine of its own for each, in namespaces; takes root. Both hold the same units at the end. The
floor writes them with plain Python and says ``enable``, ``daemon-reload`` and ``start``; ours
checks every time and unit beforehand, and reads back what systemd holds. systemd 252 copies itself,
with all units that it holds, for each time in a zone that it computes, so that its own time grows
faster than their number: the budgets are ratios to the floor. One job more beside so many is told
as well: what the next ``apply`` takes.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from zoomauto.domain.entry import Piece, drift
from zoomauto.schedulers.systemd.unit_text import render_units

BUDGET = 2.0
#: How much faster than the floor's our time may grow from few jobs to many.
GROWTH_BUDGET = 1.1
UNITS = "/etc/systemd/system"
#: Names on one command line.
MOST_NAMES = 500
OPTIONS = {
    "owner": "daemon",
    "installation": "ab12",
    "scope": "system",
    "state_folder": Path("/var/lib/zoomauto-bench"),
    "unit_folder": None,
}


def main() -> int:
    """Measure few and many, and print both; give 1 when a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", default="1000,10000")
    counts = [int(count) for count in parser.parse_args().jobs.split(",")]
    if os.geteuid() != 0:
        print("not measured, which takes root")
        return 0
    box, schedules = _loaded("e2e/conftest.py"), _loaded("benchmarks/bench_schedules.py")
    box._PATIENCE_SECONDS = 1800  # a call may move thousands of units
    missed = False
    times = []
    for count in counts:
        pieces = render_units(schedules.jobs_wanted(count, owner="daemon"), is_system=True)
        more = render_units(schedules.jobs_wanted(count + 1, owner="daemon"), is_system=True)
        with box.open_boxes() as boxes:
            ours, compared, added = _ours(boxes.boot(), pieces, more)
        with box.open_boxes() as boxes:
            bare = _bare(boxes.boot(), pieces)
        print(
            f"{count:6} jobs: apply {ours:7.2f} s, bare {bare:7.2f} s, {ours / bare:.2f} times;"
            f" one more {added:.2f} s; diff {compared:.2f} s",
            flush=True,
        )
        missed |= ours / bare > BUDGET
        times.append((ours, bare))
    (few, bare_few), (many, bare_many) = times[0], times[-1]
    growth, bare_growth = many / few, bare_many / bare_few
    print(f"growth: apply {growth:.1f} times, bare {bare_growth:.1f} times")
    return int(missed or growth / bare_growth > GROWTH_BUDGET)


def _ours(box: Any, pieces: Sequence[Piece], more: Sequence[Piece]) -> tuple[float, float, float]:
    """Give the seconds of an ``apply``, of the ``diff`` after it, and of an ``apply`` of more."""
    applied = _timed(lambda: box.call("root", OPTIONS, "install", pieces))

    def compare() -> None:
        if drift(pieces, box.call("root", OPTIONS, "installed")):
            raise RuntimeError("what was written is not what was read")

    compared = _timed(compare)
    return applied, compared, _timed(lambda: box.call("root", OPTIONS, "install", more))


def _bare(box: Any, pieces: Sequence[Piece]) -> float:
    timers = [piece.name for piece in pieces if piece.name.endswith(".timer")]
    parts = [timers[at : at + MOST_NAMES] for at in range(0, len(timers), MOST_NAMES)]

    def put() -> None:
        for piece in pieces:
            box.write(f"{UNITS}/{piece.name}", piece.text)
        for some in parts:
            box.run("systemctl", "--no-reload", "enable", *some)
        box.run("systemctl", "daemon-reload")
        for some in parts:
            box.run("systemctl", "start", *some)

    return _timed(put)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _loaded(name: str) -> Any:
    """Load another file of the tests, which belongs to no package."""
    place = Path(__file__).parents[1] / name
    spec = spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[place.stem] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
