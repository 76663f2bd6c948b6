"""The page's side of a widget, and waiting for what the widget does by and by."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from steer_widget.widget import SteerWidget

PATIENCE_S = 10.0
Ask = Callable[..., dict[str, Any]]


class Page:
    """The page's side of a widget: sends requests, keeps what comes."""

    def __init__(self, widget: SteerWidget) -> None:
        self.widget = widget
        self.messages: list[dict[str, Any]] = []
        self._n_requests = 0
        widget.send = self._receive

    def _receive(self, content: dict[str, Any], buffers: object = None) -> None:
        json.dumps(content, allow_nan=False)  # what is no JSON would fail in the kernel
        self.messages.append(content)

    def post(self, content: object) -> None:
        self.widget._handle_custom_msg(content, [])

    def ask(self, kind: str, /, **fields: object) -> dict[str, Any]:
        """Sends a command and gives its reply, which is there at once: handlers never wait."""
        self._n_requests += 1
        request_id = f"r{self._n_requests}"
        self.post({"id": request_id, "command": {"type": kind, **fields}})
        replies = [m for m in self.messages if m["type"] == "Reply" and m["id"] == request_id]
        assert len(replies) == 1
        return replies[0]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m["type"] == kind]


def asking(page: Page) -> Ask:
    """Sends a command and waits for its reply, which comes from another thread."""
    n_asked = 0

    def ask(kind: str, **fields: object) -> dict[str, Any]:
        nonlocal n_asked
        n_asked += 1
        request = f"h{n_asked}"
        page.post({"id": request, "command": {"type": kind, **fields}})
        wait_until(lambda: any(reply["id"] == request for reply in page.of("Reply")))
        (reply,) = (reply for reply in page.of("Reply") if reply["id"] == request)
        plain: dict[str, Any] = json.loads(json.dumps(reply))
        return plain

    return ask


def wait_until(true: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline_s, "it never came true"
        time.sleep(0.005)
