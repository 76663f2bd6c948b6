"""``python -m steer_widget.embedded``: fetches the embedded model ahead of the first use, with a bar."""

from __future__ import annotations

import sys

from ..errors import SteerError
from .fetch import Stage
from .model import model_folder

_BAR_CHARS = 30


class _Bar:
    """Draws progress: one line that moves in a terminal, one line per text elsewhere."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._last = ""
        self._drawn = False

    def show(self, stage: Stage, fraction: float | None, message: str) -> None:
        if not self._moves:
            if fraction in {None, 0.0, 1.0} and message != self._last:
                print(f"{stage}: {message}", file=sys.stderr, flush=True)
            self._last = message
            return
        self._drawn = True
        n_full = round((fraction or 0.0) * _BAR_CHARS)
        bar = "…" * _BAR_CHARS if fraction is None else "█" * n_full + "░" * (_BAR_CHARS - n_full)
        print(f"\r\x1b[K{stage:>8} {bar} {message}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._moves and self._drawn:
            print(file=sys.stderr)


def main() -> int:
    """Fetches and converts the model where that has not been done; prints its folder."""
    bar = _Bar()
    try:
        folder = model_folder(bar.show)
    except SteerError as error:
        bar.end()
        print(f"{error}\n{error.details}", file=sys.stderr)
        return 1
    bar.end()
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
