"""What a process of its own does with steer_widget: `python -m tests.faults.kernel`, and cells of real kernels.

It says by a file how far it is.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import steer_widget as sw
from steer_widget.protocol import CellDone, RunStarted, Tokens

PATIENCE_S = 60.0


class Kernel:
    """A steerer, and a file that tells where it is."""

    def __init__(self, model: str, sae: str, told: str) -> None:
        self._told = Path(told)
        self.steerer = sw.load(model, sae, dtype="float32", trust_remote_code=True)
        self.tell("loading")

    def tell(self, word: str) -> None:
        fresh = self._told.with_suffix(".new")
        fresh.write_text(f"{word} {self.steerer.status.pid or 0}")
        fresh.replace(self._told)

    def start(self) -> sw.Run:
        generation = sw.Generation(max_new_tokens=240, temperature=1.0, repetition_penalty=1.3)
        return self.steerer.compare(
            "I went", [self.steerer.feature(3).at(4)], generation=generation, samples=4
        )

    def run(self) -> sw.Run:
        """A run that tells its moments; it begins when it is let go."""
        self.steerer.ready(PATIENCE_S)
        self.tell("ready")
        while not self._told.with_suffix(".go").exists():
            time.sleep(0.01)
        run = self.start()
        n_ended = 0
        said = ""
        for event in run:
            n_ended += isinstance(event, CellDone)
            word = {RunStarted: "prefill", Tokens: "decode"}.get(type(event), said)
            word = "measuring" if n_ended == len(run.cells) else word
            if word != said:
                said = word
                self.tell(word)
        return run

    def wait_interrupted(self, n_times: int) -> None:
        """Waits in `result`, from which Ctrl-C brings it back."""
        for turn in range(n_times):
            run = self.start()
            next(event for event in run if isinstance(event, Tokens))
            self.tell(f"waiting{turn}")
            result = run.result()
            kept = "kept" if any(cell.text for cell in result.cells) else "lost"
            self.tell(f"back{turn}:{result.state}:{kept}")
            assert run.retry().result(timeout=PATIENCE_S).state == "done"


def main() -> None:
    """Arguments: model, SAE, file to tell, and what to do."""
    model, sae, told, what, *rest = sys.argv[1:]
    kernel = Kernel(model, sae, told)
    if what == "wait":
        kernel.wait_interrupted(int(rest[0]))
    elif what == "leave":
        moment = rest[0]
        if moment != "loading":
            run = kernel.start()
            next(event for event in run if isinstance(event, Tokens))
        if moment == "hang":
            os.kill(kernel.steerer.status.pid or 0, 19)
    elif what == "run":
        kernel.run()


if __name__ == "__main__":
    main()
