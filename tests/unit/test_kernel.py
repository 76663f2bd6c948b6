from __future__ import annotations

import io
import sys
import types

import pytest

from steer_widget import _kernel
from steer_widget.progress_line import ProgressLine


class OfKernel:
    """A comm as ipykernel 7.4 makes them."""

    def _reply_subshell_for(self, data: object, default: object) -> object:
        return "a subshell that is gone"


def test_messages_go_where_the_kernel_says_not_where_the_last_went() -> None:
    comm = OfKernel()
    _kernel.answer_every_page(comm)
    assert comm._reply_subshell_for({}, "the default") == "the default"


@pytest.mark.parametrize("comm", [None, object(), types.SimpleNamespace()])
def test_other_comms_are_left_alone(comm: object) -> None:
    _kernel.answer_every_page(comm)
    assert not hasattr(comm, "_reply_subshell_for")


def test_this_process_is_no_kernel() -> None:
    assert _kernel.in_kernel() is False


@pytest.mark.parametrize(
    ("version", "is_broken"), [("7.0.1", True), ("7.0.0", True), ("7.4.0", False), ("6.31.0", False)]
)
def test_the_one_broken_ipykernel_is_named(
    version: str, is_broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernelbase = types.SimpleNamespace(Kernel=types.SimpleNamespace(initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelbase", kernelbase)  # type: ignore[arg-type]
    monkeypatch.setattr("importlib.metadata.version", lambda _name: version)
    if is_broken:
        with pytest.warns(RuntimeWarning, match=r"ipykernel 7\.0\.\d cannot update"):
            _kernel.warn_if_broken()
    else:
        _kernel.warn_if_broken()


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


def test_a_long_load_is_told_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steer_widget.progress_line._QUIET_S", 0.0)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with ProgressLine() as line:
        line.show(0.4, "reading weights", "loading")
        line.show(0.4, "reading weights", "loading")
        line.show(None, "sae", "loading")
    shown = "loading  40% · reading weights"
    assert (
        terminal.getvalue() == f"\r{shown}\r{'loading · sae':<{len(shown)}}\r{'':<{len('loading · sae')}}\r"
    )


@pytest.mark.parametrize("somebody_looks", [True, False])
def test_a_quick_load_or_one_that_nobody_sees_is_silent(
    somebody_looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not somebody_looks:
        monkeypatch.setattr("steer_widget.progress_line._QUIET_S", 0.0)
    monkeypatch.setattr(sys, "stderr", stream := Terminal() if somebody_looks else io.StringIO())
    with ProgressLine() as line:
        line.show(0.4, "reading weights", "loading")
    assert stream.getvalue() == ""
