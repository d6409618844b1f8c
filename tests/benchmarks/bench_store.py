"""What the store costs, beside a bare ``sqlite3`` executemany of the same rows in the same run.

Three figures: saving recordings that are new, a second sync that finds nothing changed, and the
peak memory of both in a process of its own. Budget: at most 3 times the floor.
"""

import argparse
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.domain.source import SourceConfig
from zoomauto.storage.store import SqlStore, open_store

ROWS = 100_000
BATCH = 1_000
ROUNDS = 3
BUDGET = 3.0
NOW = datetime(2026, 3, 1, tzinfo=UTC)

_CHILD = "--in-a-process-of-its-own"


def main() -> int:
    """Measure and print all figures; give 1 when a budget is missed."""
    options = _parser().parse_known_args()[0]
    if options.child:
        _child(options.rows)
        return 0
    # First: a child begins with the peak that its parent had when it was started.
    few, many = (_peak(rows) for rows in (BATCH, options.rows))
    rounds = [_round(options.rows) for _ in range(ROUNDS)]
    floor, save, again = (min(times) for times in zip(*rounds, strict=True))
    print(f"{options.rows} recordings of one file each, batches of {BATCH}, best of {ROUNDS}")
    print(f"{'bare executemany':24} {floor:7.2f} s")
    print(f"{'save new ones':24} {save:7.2f} s  {save / floor:5.2f} x floor, budget {BUDGET}")
    print(f"{'find nothing changed':24} {again:7.2f} s  {again / floor:5.2f} x floor")
    print(f"{'peak memory':24} {many:7.1f} MB  {few:.1f} MB for {BATCH} recordings")
    return int(save / floor > BUDGET)


def batches(rows: int) -> Iterator[Sequence[ListedRecording]]:
    """Make recordings as a source lists them, a page at a time."""
    for start in range(0, rows, BATCH):
        yield [_listed(number) for number in range(start, min(start + BATCH, rows))]


def _listed(number: int) -> ListedRecording:
    file = RecordingFile(
        key=f"2026/recording-{number}.mp4",
        name=f"recording-{number}.mp4",
        kind=FileKind.VIDEO,
        size_bytes=1_000_000 + number,
        fingerprint=f"{number}-1767225600",
    )
    return ListedRecording(
        key=file.key,
        name=f"Recording {number}",
        start_at=NOW + timedelta(minutes=number),
        duration=timedelta(minutes=50),
        files=(file,),
    )


def _round(rows: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/ours.db")
        try:
            source = _add_source(store)
            save = sum(_timed(_save, store, source, batch) for batch in batches(rows))
            again = sum(_timed(_count_changed, store, source, batch) for batch in batches(rows))
        finally:
            store.close()
        floor = _floor(Path(folder, "ours.db"), Path(folder, "floor.db"))
    return floor, save, again


def _save(store: SqlStore, source: SourceConfig, batch: Sequence[ListedRecording]) -> None:
    with store.writing() as tx:
        tx.recordings.add_many(source, batch, blank_reasons={}, now=NOW)


def _count_changed(store: SqlStore, source: SourceConfig, batch: Sequence[ListedRecording]) -> int:
    with store.reading() as tx:
        known = tx.recordings.known(source.id, [item.key for item in batch])
    return sum(item.fingerprint != known[item.key].fingerprint for item in batch)


def _floor(ours: Path, target: Path) -> float:
    """Write the very rows of ``ours`` to an equal table; give the seconds it took."""
    with (
        closing(sqlite3.connect(ours)) as original,
        closing(sqlite3.connect(target)) as bare,
    ):
        bare.execute("PRAGMA journal_mode = WAL")
        for (statement,) in original.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'recordings' AND sql IS NOT NULL"
            " ORDER BY rootpage"
        ):
            bare.execute(statement)
        rows = original.execute("SELECT * FROM recordings ORDER BY id")
        marks = ", ".join("?" * len(rows.description))
        insert = f"INSERT INTO recordings VALUES ({marks})"  # noqa: S608 - question marks only

        def write(page: Sequence[Any]) -> None:
            with bare:
                bare.executemany(insert, page)

        return sum(_timed(write, page) for page in iter(lambda: rows.fetchmany(BATCH), []))


def _add_source(store: SqlStore) -> SourceConfig:
    with store.writing() as tx:
        return tx.sources.add(
            SourceConfig(
                id=0, owner="anna", name="disk", type="folder", created_at=NOW, updated_at=NOW
            )
        )


def _timed(work: Callable[..., object], *arguments: Any) -> float:
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def _peak(rows: int) -> float:
    command = [sys.executable, __file__, "--rows", str(rows), _CHILD]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(found.stdout)


def _child(rows: int) -> None:
    """Sync twice and read everything once; print this process's peak memory in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/ours.db")
        source = _add_source(store)
        for batch in batches(rows):
            _save(store, source, batch)
        for batch in batches(rows):
            _count_changed(store, source, batch)
        with store.reading() as tx:
            read = sum(1 for _ in tx.recordings.find("anna"))
        store.close()
    if read != rows:
        raise RuntimeError(f"read {read} of {rows} recordings")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument(_CHILD, dest="child", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
