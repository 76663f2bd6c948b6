"""Answers that read or write files: on a thread of their own, so that no cell of the notebook waits for a disk."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import SteerError
from .handling import Deliver, Later

if TYPE_CHECKING:
    from ..protocol import Answered


def aside(answer: Callable[[], Answered | None]) -> Later:
    """What `answer` gives, or fails with, once it has."""

    def begin(deliver: Deliver) -> None:
        threading.Thread(
            target=lambda: deliver(_result(answer)), name="steer_widget desk", daemon=True
        ).start()

    return Later(begin)


def _result(answer: Callable[[], Answered | None]) -> Answered | SteerError | None:
    try:
        return answer()
    except SteerError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the page must get an answer whatever happened
        return SteerError(f"{type(error).__name__}: {error}", details=traceback.format_exc())
