"""`python -m steer_widget.worker`: commands on stdin, events on stdout, everything else on stderr.

Ends when the channel closes or the parent is gone, also in the middle of a forward pass: a killed
kernel must leave no process and no GPU memory behind.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable

from ..channel import Channel
from ..errors import ProtocolError
from ..leash import wear_leash
from ..protocol import Event, Loading, decode_command, encode
from .load import load_engine
from .loop import WorkerLoop, report_unreadable

_PARENT_CHECK_S = 0.5


def main() -> None:
    """Runs the worker to its end."""
    faulthandler.enable()
    wear_leash()
    parent = os.getppid()
    channel = _take_over_stdio()

    def emit(event: Event) -> None:
        try:
            channel.send(encode(event))
        except OSError:
            os._exit(0)  # nobody listens any more

    loop = WorkerLoop(load_engine, emit)
    threading.Thread(target=_end_with_parent, args=(parent,), name="parent-watch", daemon=True).start()
    threading.Thread(target=_read_commands, args=(channel, loop, emit), name="commands", daemon=True).start()
    emit(Loading("start", 0.0, "the worker process has started"))
    loop.work()
    sys.stderr.flush()
    os._exit(0)  # destructors of native libraries may hang; nothing is left to save


def _take_over_stdio() -> Channel:
    """Keeps stdin and stdout for the channel; what anybody prints goes to stderr."""
    channel = Channel(os.dup(0), os.dup(1))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return channel


def _read_commands(channel: Channel, loop: WorkerLoop, emit: Callable[[Event], None]) -> None:
    try:
        while True:
            body = channel.receive()
            if body is None:
                os._exit(0)
            try:
                command = decode_command(body)
            except ProtocolError as error:
                report_unreadable(error, emit)
                continue
            loop.take(command)
    except ProtocolError as error:  # no frame can be found any more
        report_unreadable(error, emit)
        raise
    finally:
        # A worker that cannot hear would neither stop nor end: its log says why, the next run gets a new one.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def _end_with_parent(parent: int) -> None:
    # The channel's end says the same, unless a child that the kernel forked still holds it open.
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    os._exit(0)


if __name__ == "__main__":
    main()
