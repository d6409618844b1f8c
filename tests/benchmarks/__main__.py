"""Run the benchmarks: ``python tests/benchmarks [NAME ...]``; each prints its own table."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run the named benchmarks, or all; give 1 when one missed its budget."""
    found = {p.stem.removeprefix("bench_"): p for p in Path(__file__).parent.glob("bench_*.py")}
    wanted = sys.argv[1:] or sorted(found)
    if unknown := [name for name in wanted if name not in found]:
        print(f"no benchmark {', '.join(unknown)}; there is: {', '.join(sorted(found))}")
        return 2
    missed = False
    for name in wanted:
        print(f"\n== {name}", flush=True)
        # A process each: what one loads or allocates is not the next one's floor.
        missed |= subprocess.run([sys.executable, found[name]], check=False).returncode != 0
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
