"""One line that says how far something is, for people who wait for it; nothing when it is quick."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ._kernel import in_kernel

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

_QUIET_S = 3.0


class ProgressLine:
    """Writes over one line of stderr, and only where a person looks: a terminal or a notebook."""

    def __init__(self) -> None:
        self._since_s = time.monotonic()
        self._shown = ""
        self._visible = in_kernel() or sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def show(self, fraction: float | None, message: str, what: str = "") -> None:
        """Shows how far it is, unless it came quickly or nobody looks."""
        if not self._visible or time.monotonic() - self._since_s < _QUIET_S:
            return
        share = "" if fraction is None else f"{fraction:4.0%}"
        self._write(" · ".join(part for part in (f"{what} {share}".strip(), message) if part))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("")

    def _write(self, text: str) -> None:
        if text != self._shown:
            sys.stderr.write(f"\r{text:<{len(self._shown)}}" + ("" if text else "\r"))
            sys.stderr.flush()
            self._shown = text
