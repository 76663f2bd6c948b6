"""A stream, the run it shows, and the page that takes its messages."""

from __future__ import annotations

from steer_widget.job import Job
from steer_widget.protocol import CellDelta, CellView, RunDelta, RunSnapshot, RunStarted, Tokens
from steer_widget.stream import Stream
from tests.unit.grids import grid


class Page:
    """What a page makes of the messages, by the rules of the protocol."""

    def __init__(self) -> None:
        self.seq = -1
        self.run = ""
        self.state = ""
        self.cells: list[CellView] = []
        self.texts: list[str] = []
        self.n_snapshots = 0

    def take(self, message: RunSnapshot | RunDelta | None) -> bool:
        """False for a gap, after which a page syncs."""
        if message is None:
            return True
        if isinstance(message, RunSnapshot):
            self.n_snapshots += 1
            self.seq = message.seq
            if message.run is not None:
                self.run, self.state = message.run.id, message.run.state
                self.texts = [cell.text for cell in message.run.cells]
                self.cells = list(message.run.cells)
            return True
        if message.run != self.run or message.seq != self.seq + 1:
            return False
        self.seq, self.state = message.seq, message.state
        for patch in message.cells:
            self.texts[patch.index] += patch.append
            if patch.done is not None:
                self.texts[patch.index] = patch.done.text
                self.cells[patch.index] = patch.done
        return True


def job(turn: int = 1, n_columns: int = 2) -> Job:
    made = Job(f"run{turn}", grid(n_columns, max_new_tokens=10), {})
    made.turn = turn
    return made


def grow(shown: Job, text: str, cell: int = 0) -> None:
    shown.take(Tokens(shown.id, (CellDelta(cell, text, (1,)),)))


def started(turn: int = 1) -> tuple[Stream, Job, Page]:
    stream, shown, page = Stream(), job(turn), Page()
    stream.show(shown)
    shown.take(RunStarted(shown.id, (3,)))
    assert page.take(stream.next())
    return stream, shown, page
