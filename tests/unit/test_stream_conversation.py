from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from steer_widget.protocol import CellDone, CellMeasured, Measures, RunDone, RunStarted, TokenMeasures
from steer_widget.run_states import RUN_ENDED
from tests.unit.streams import grow, job, started


class Conversation(RuleBasedStateMachine):
    """A run that grows, ends, is retried and replaced, while messages get lost and pages come back."""

    def __init__(self) -> None:
        super().__init__()
        self.stream, self.shown, self.page = started()
        self.turn = 1

    def _next_turn(self) -> None:
        self.turn += 1
        self.shown.turn = self.turn
        self.stream.show(self.shown)
        self.shown.take(RunStarted(self.shown.id, (3,)))

    @rule(cell=st.integers(0, 1), text=st.text(max_size=3))
    def grow(self, cell: int, text: str) -> None:
        grow(self.shown, text, cell)

    @rule(cell=st.integers(0, 1))
    def end_cell(self, cell: int) -> None:
        text = self.shown.cells[cell].text
        self.shown.take(CellDone(self.shown.id, cell, "done", text, (1,), "eos"))

    @rule(cell=st.integers(0, 1), kl=st.floats(0, 9))
    def measure(self, cell: int, kl: float) -> None:
        self.shown.take(CellMeasured(self.shown.id, cell, Measures(kl_mean=kl), TokenMeasures(kl=(kl,))))

    @rule()
    def stop(self) -> None:
        self.shown.take(RunDone(self.shown.id, "stopped", 1.0, 0))

    @rule()
    def retry(self) -> None:
        if self.shown.ended and self.shown.restart():
            self._next_turn()

    @rule()
    def replace(self) -> None:
        self.shown = job(self.turn + 1)
        self.shown.turn = 0
        self._next_turn()

    @rule()
    def lose(self) -> None:
        self.stream.next()

    @rule()
    def acknowledge(self) -> None:
        self.stream.acknowledge(self.page.seq)

    @rule()
    def sync(self) -> None:
        self.stream.sync()

    @rule()
    def send(self) -> None:
        message = self.stream.next()
        if not self.page.take(message):
            self.stream.sync()
        elif message is not None:
            self.agree()

    def agree(self) -> None:
        """What the page has taken without a gap is what the kernel has."""
        assert self.page.run == self.shown.id
        assert self.page.texts == [cell.text for cell in self.shown.cells]
        assert self.page.state == self.shown.state
        ended = [(cell.state, cell.measures) for cell in self.shown.cells if cell.ended]
        assert [(cell.state, cell.measures) for cell in self.page.cells if cell.state in RUN_ENDED] == ended

    def teardown(self) -> None:
        """A page that keeps acknowledging and syncs after gaps is never left behind."""
        for _ in range(2):
            self.send()
            self.acknowledge()
        self.replace()
        for _ in range(2):
            self.send()
            self.acknowledge()
        self.agree()


TestConversation = Conversation.TestCase
