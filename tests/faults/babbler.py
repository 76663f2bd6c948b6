"""A process in the place of the worker that does its work and speaks garbage in between.

Its runs give "…" for each cell; before a run's end come as many malformed events as it is told.
"""

from __future__ import annotations

import os
from random import Random

from steer_widget.channel import Channel
from steer_widget.protocol import (
    Answer,
    CellDelta,
    CellDone,
    CellMeasured,
    CheckGrid,
    ErrorInfo,
    Event,
    Fault,
    Load,
    LoadFailed,
    Loading,
    Measures,
    RunDone,
    RunStarted,
    Shutdown,
    StartRun,
    TokenCounts,
    TokenMeasures,
    Tokens,
    decode_command,
    encode,
)
from tests.faults.garbage import frame
from tests.unit.scripted import READY

TEXT = "…"


def babble(seed: int, n_frames: int) -> None:
    """Serves the channel on stdin and stdout to its end."""
    rng = Random(seed)
    channel = Channel(os.dup(0), os.dup(1))
    while (body := channel.receive()) is not None:
        command = decode_command(body)
        if isinstance(command, Shutdown):
            return
        if isinstance(command, Load):
            channel.send(encode(READY))
        elif isinstance(command, CheckGrid):
            channel.send(encode(Answer(command.request, result=TokenCounts((3,)))))
        elif isinstance(command, StartRun):
            _run(channel, command, rng, n_frames)


def _run(channel: Channel, command: StartRun, rng: Random, n_frames: int) -> None:
    channel.send(encode(RunStarted(command.run, (3,) * len(command.grid.prompts))))
    valid = [encode(event) for event in _events(command)]
    for _ in range(n_frames):
        channel.send(frame(rng, valid))
    for cell in command.cells:
        channel.send(encode(CellDone(command.run, cell, "done", TEXT, (1,), "length")))
    channel.send(encode(RunDone(command.run, "done", 0.1, len(command.cells))))


def _events(command: StartRun) -> tuple[Event, ...]:
    run, cell = command.run, command.cells[0]
    error = ErrorInfo("GenerationError", "Nothing is wrong.", "no details")
    measures = Measures(0.25, kl_mean=0.5, kl_p95=0.9, kl_max=1.0, perplexity=12.0)
    return (
        Loading("model", 0.5, "loading"),
        READY,
        LoadFailed(error),
        Answer(1, error),
        RunStarted(run, (3,)),
        Tokens(run, (CellDelta(cell, "a", (1,)), CellDelta(cell + 1, "b", (2,)))),
        CellDone(run, cell, "done", "text", (1, 2), "length", measures),
        CellDone(run, cell, "failed", "text", (1, 2), "failed", measures, error),
        CellMeasured(run, cell, measures, TokenMeasures(kl=(0.0, 1.0), surprise=(2.0, 3.0))),
        RunDone(run, "stopped", 1.0, 3, error, 1000),
        Fault(error),
    )
