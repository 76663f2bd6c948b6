"""``python -m benchmarks [KEY …]``: measures all figures, or these, and writes them to results/latest.json.

Other rows of the file stay as they are: each row has its own time and conditions. ``--taste`` runs
everything very small, to see that it works, and writes nothing; ``--markdown`` measures nothing and
prints the file's table for a README.
"""

from __future__ import annotations

import argparse
import sys
import traceback

from . import results, table
from .bars import BARS
from .bench import Bench
from .conditions import conditions
from .measured import NotAvailable
from .scale import FULL, TASTE
from .timing import timed


def main() -> int:
    """Measures, saves after each figure, and prints the table; 1 when something failed."""
    asked = _arguments()
    if asked.markdown:
        saved = results.read()
        print(
            table.markdown(saved) if saved else f"{results.LATEST} has no figures yet: python -m benchmarks"
        )
        return 0 if saved else 1
    bench = Bench(TASTE if asked.taste else FULL)
    rows: results.Rows = {}
    not_available: dict[str, str] = {}
    failed: list[str] = []
    for key in asked.keys or BARS:
        print(f"{key}: measuring {BARS[key].what}", file=sys.stderr, flush=True)
        found = conditions()
        try:
            took_s, measured = timed(lambda bar=BARS[key]: bar.measure(bench))  # type: ignore[misc]
        except NotAvailable as why:
            not_available[key] = str(why)
        except Exception:  # noqa: BLE001 - told at once and at the end; the other figures need not be lost for it
            traceback.print_exc()
            failed.append(key)
        else:
            rows[key] = results.row(BARS[key], measured, {**found, "dtype": bench.subject.dtype}, took_s)
            print(table.line(key, rows[key]), file=sys.stderr, flush=True)
            if not asked.taste:
                results.write({key: rows[key]})
    print(table.text(rows))
    if asked.taste:
        print("\nA taste: these figures mean nothing, and were not saved.")
    for key, reason in not_available.items():
        print(f"{key}: NOT AVAILABLE: {reason}.")
    for key in failed:
        print(f"{key}: FAILED, see above.")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("keys", nargs="*", metavar="KEY", help=", ".join(BARS))
    parser.add_argument("--taste", action="store_true", help="very small sizes; writes nothing")
    parser.add_argument("--markdown", action="store_true", help="prints the saved table; measures nothing")
    asked = parser.parse_args()
    unknown = [key for key in asked.keys if key not in BARS]
    if unknown:
        parser.error(f"no such key: {', '.join(unknown)}. There are: {', '.join(BARS)}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
