"""What was injected, and what was survived."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BEGIN, END = "<!-- faults: written by make faults -->", "<!-- /faults -->"


class Tally:
    """Counts injections by the name of the fault."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}

    @contextmanager
    def injected(self, fault: str, n: int = 1) -> Iterator[None]:
        """Whatever goes wrong inside, the fault was not survived."""
        n_injected, n_survived = self._counts.get(fault, (0, 0))
        self._counts[fault] = (n_injected + n, n_survived)
        yield
        self._counts[fault] = (n_injected + n, n_survived + n)

    def lines(self) -> list[str]:
        """The table, for a terminal; empty where nothing was injected."""
        if not self._counts:
            return []
        wide = max(map(len, self._counts))
        rows = [
            f"{fault:<{wide}}  {n_injected:>8}  {n_survived:>8}"
            for fault, (n_injected, n_survived) in self._counts.items()
        ]
        return [f"{'fault':<{wide}}  {'injected':>8}  {'survived':>8}", *rows]

    def markdown(self) -> str:
        """The same for a README."""
        rows = [f"| {fault} | {n:,} | {survived:,} |" for fault, (n, survived) in self._counts.items()]
        return "\n".join(("| fault | times injected | survived |", "| --- | --- | --- |", *rows))

    def write(self, path: Path) -> None:
        """Into a file of its own, or between the two marks where the file has them."""
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if BEGIN in text and END in text:
            before, rest = text.split(BEGIN, 1)
            after = rest.split(END, 1)[1]
            text = f"{before}{BEGIN}\n{self.markdown()}\n{END}{after}"
        else:
            text = f"{self.markdown()}\n"
        path.write_text(text, encoding="utf-8")
