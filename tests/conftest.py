"""What all tests stand on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

REAL_PROCESSES = (
    "tests/api/",
    "tests/browser/",
    "tests/faults/",
    "tests/history/",
    "tests/plugins/",
    "tests/worker/test_process",
)
"""Where tests drive browsers and kill processes, and a machine that stalls for seconds can fail them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Such a test that fails is tried once more, which the summary tells; one that fails twice has failed."""
    for item in items:
        if item.path.relative_to(config.rootpath).as_posix().startswith(REAL_PROCESSES):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C works here and in every process started, also where a shell runs the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs are written down in a folder of the tests, also by the processes they start."""
    before = os.environ.get("STEER_WIDGET_DATA")
    os.environ["STEER_WIDGET_DATA"] = str(tmp_path_factory.mktemp("data"))
    yield
    if before is None:
        del os.environ["STEER_WIDGET_DATA"]
    else:
        os.environ["STEER_WIDGET_DATA"] = before
