"""Processes as the system sees them: by a mark in their environment, since a lost one is nobody's child."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

PATIENCE_S = 60.0
MARK = "FAULTS_MARK"


def wait_until(true: Callable[[], object], what: str, within_s: float = PATIENCE_S) -> None:
    """Waits for a condition; fails by its name."""
    deadline_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline_s, f"after {within_s:g} s: {what}"
        time.sleep(0.01)


def marked(mark: str) -> set[int]:
    """Process ids of everything alive that carries this mark."""
    found = set()
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                found.add(process.pid)
        except psutil.Error:  # it is gone, a zombie (which has no environment), or somebody else's
            continue
    return found


def zombies() -> list[psutil.Process]:
    """Children of this process that ended and that nobody has asked how."""
    return [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]


def is_gone(pid: int) -> bool:
    """Whether there is no such process, not even a zombie."""
    return not psutil.pid_exists(pid)
