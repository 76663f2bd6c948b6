"""kill -9 of a real kernel at random moments, ends of its interpreter, Ctrl-C."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from jupyter_client.manager import KernelManager

from tests.faults.outside import ROOT, Outside
from tests.faults.processes import PATIENCE_S
from tests.faults.scale import Scale, asked
from tests.faults.stage import pause
from tests.faults.tally import Tally

MOMENTS = ("loading", "prefill", "decode", "measuring")
ORDERS = {"prefill": "slow 0.3", "decode": "slow 0.01", "measuring": "measuring slow 0.3"}
LASTS_S = {"loading": 2.5, "prefill": 0.25, "decode": 1.0, "measuring": 0.25}
# Of which two seconds are promised; the rest is for a machine with other work.
GONE_S = 6.0


@contextmanager
def real_kernel(outside: Outside) -> Iterator[int]:
    """An ipykernel that runs and tells; its process id."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(ROOT), env=outside.environment)
    try:
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=PATIENCE_S)
            client.execute(
                f"from tests.faults.kernel import Kernel\nKernel(*{outside.arguments!r}).run()", silent=True
            )
        finally:
            client.stop_channels()
        pid = manager.provisioner.pid
        assert pid is not None
        yield pid
    finally:
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_9_of_the_kernel(
    folders: tuple[Path, Path], tmp_path: Path, tally: Tally, scale: Scale, rng: Random, moment: str
) -> None:
    for _ in range(scale.shares(len(MOMENTS))[MOMENTS.index(moment)]):
        outside = Outside(folders, tmp_path)
        with tally.injected(f"kill -9 of the kernel, {moment}"):
            with real_kernel(outside) as pid:
                if moment != "loading":
                    outside.go(ORDERS[moment])
                outside.reach(moment)
                pause(rng.uniform(0, LASTS_S[moment]))
                os.kill(pid, signal.SIGKILL)
            outside.check_gone(GONE_S)


@pytest.mark.parametrize("how", asked().some(["SIGSTOP", "hang_with_gil", "hang"]))
def test_kill_9_of_the_kernel_while_its_worker_hangs(
    folders: tuple[Path, Path], tmp_path: Path, tally: Tally, how: str
) -> None:
    """No thread of such a worker can see that its kernel is gone; the system does."""
    outside = Outside(folders, tmp_path)
    with tally.injected("kill -9 of the kernel while its worker hangs"):
        with outside.start("run") as process:
            outside.go("slow 0.01")
            outside.reach("decode")
            if how == "SIGSTOP":
                os.kill(outside.worker_pid(), signal.SIGSTOP)
            else:
                outside.order(how)
            pause(0.3)
            process.kill()
        outside.check_gone(GONE_S)


@pytest.mark.parametrize("moment", asked().some(["hang", "decode", "loading"]))
def test_the_end_of_the_interpreter_leaves_no_process(
    folders: tuple[Path, Path], tmp_path: Path, tally: Tally, moment: str
) -> None:
    outside = Outside(folders, tmp_path)
    outside.order("slow 0.01")
    with tally.injected(f"end of the interpreter, {moment}"):
        with outside.start("leave", moment) as process:
            assert process.wait(timeout=2 * PATIENCE_S) == 0
        outside.check_gone(GONE_S)


def test_ctrl_c_in_result_keeps_what_there_is(
    folders: tuple[Path, Path], tmp_path: Path, tally: Tally, scale: Scale, rng: Random
) -> None:
    n_times = scale.n_rounds
    outside = Outside(folders, tmp_path)
    with outside.start("wait", str(n_times)) as process:
        for time in range(n_times):
            outside.order("slow 0.01")
            outside.reach(f"waiting{time}")
            with tally.injected("Ctrl-C in result()"):
                pause(rng.uniform(0, 0.5))
                process.send_signal(signal.SIGINT)
                outside.reach(f"back{time}:stopped:kept")
            outside.order("")
        assert process.wait(timeout=2 * PATIENCE_S) == 0
    outside.check_gone(GONE_S)
