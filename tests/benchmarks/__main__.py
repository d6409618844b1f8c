"""Run the benchmarks: ``python tests/benchmarks [NAME ...]``; each prints its own table."""

import runpy
import sys
from pathlib import Path


def main() -> int:
    """Run the named benchmarks, or all; give 1 when one missed its budget."""
    found = {p.stem.removeprefix("bench_"): p for p in Path(__file__).parent.glob("bench_*.py")}
    wanted = sys.argv[1:] or sorted(found)
    if unknown := [name for name in wanted if name not in found]:
        print(f"no benchmark {', '.join(unknown)}; there is: {', '.join(sorted(found))}")
        return 2
    missed = 0
    for name in wanted:
        print(f"\n== {name}", flush=True)
        missed += bool(runpy.run_path(str(found[name]))["main"]())
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
