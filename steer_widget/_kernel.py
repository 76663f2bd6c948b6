"""The only file that knows ipykernel's quirks. It imports nothing of Jupyter: it looks at what is loaded."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib import metadata

_BROKEN = "7.0."


def in_kernel() -> bool:
    """Whether this process is a Jupyter kernel."""
    kernelbase = sys.modules.get("ipykernel.kernelbase")
    return kernelbase is not None and bool(kernelbase.Kernel.initialized())


def warn_if_broken() -> None:
    """Warns on ipykernel 7.0, whose threads cannot set traits: progress and status would stand still."""
    if not in_kernel():
        return
    version = metadata.version("ipykernel")
    if version.startswith(_BROKEN):
        warnings.warn(
            f"ipykernel {version} cannot update widgets from threads, so the widget would show no progress. "
            "Install another one and restart the kernel: pip install 'ipykernel!=7.0.*'",
            RuntimeWarning,
            stacklevel=3,
        )


def answer_every_page(comm: object) -> None:
    """Lets the page's messages be handled while a cell runs.

    ipykernel 7.4 ties a comm to the subshell that it last answered; after a reload of the page that
    subshell is gone and messages wait for the cell, or are lost. Without the tie they arrive at once.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default  # noqa: SLF001 - the quirk itself


def publish_display(bundle: dict[str, str], display: str, *, is_update: bool) -> None:
    """Displays a bundle in the cell that is running, or puts it in the place of one that was displayed before.

    Args:
        bundle: by MIME type.
        display: names the output.
        is_update: whether it was displayed before; from any thread, whatever cell is running.
    """
    from IPython import get_ipython

    publisher = get_ipython().display_pub
    publisher.publish(bundle, {}, transient={"display_id": display}, update=is_update)


def show_bundle(bundle: dict[str, object], metadata: dict[str, object]) -> None:
    """Displays a bundle in the cell that is running, once and for all."""
    from IPython import get_ipython

    get_ipython().display_pub.publish(bundle, metadata)


def on_cell_end(call: Callable[[], None]) -> Callable[[], None]:
    """Has something called when a cell has run, before the notebook hears of its end; returns the way to stop that."""
    from IPython import get_ipython

    events = get_ipython().events

    def called(_result: object = None) -> None:
        call()

    events.register("post_run_cell", called)
    return lambda: events.unregister("post_run_cell", called)
