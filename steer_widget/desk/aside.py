"""Answers that read or write files: on a thread of their own, so that no cell of the notebook waits for a disk."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..errors import SteerError
from .handling import Deliver, Later

if TYPE_CHECKING:
    from ..protocol import Answered

_T = TypeVar("_T")


def aside(answer: Callable[[], Answered | None]) -> Later:
    """What `answer` gives, or fails with, once it has."""

    def begin(deliver: Deliver) -> None:
        threading.Thread(
            target=lambda: deliver(_result(answer)), name="steer_widget desk", daemon=True
        ).start()

    return Later(begin)


def aside_then(prepare: Callable[[], Later]) -> Later:
    """What `prepare` makes, begun once it has; or what it fails with."""

    def begin(deliver: Deliver) -> None:
        def work() -> None:
            found = _result(prepare)
            if isinstance(found, Later):
                found.begin(deliver)
            else:
                deliver(found)

        threading.Thread(target=work, name="steer_widget desk", daemon=True).start()

    return Later(begin)


def _result(answer: Callable[[], _T]) -> _T | SteerError:
    try:
        return answer()
    except SteerError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the page must get an answer whatever happened
        return SteerError(f"{type(error).__name__}: {error}", details=traceback.format_exc())
