"""A second connection to a notebook's kernel, past the page: what tests read Python's state with."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path

from jupyter_client.blocking.client import BlockingKernelClient

TIMEOUT_S = 120


class KernelClient:
    """Runs code in a kernel that a page is using.

    It opens the shell channel only: output that nobody reads would pile up on another.
    """

    def __init__(self, connection_file: Path) -> None:
        self._client = BlockingKernelClient(connection_file=str(connection_file))
        self._client.load_connection_file()
        self._client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
        self.wait_answer()

    def wait_answer(self) -> None:
        """Asks the kernel who it is and waits for the answer: no code runs."""
        self._client.kernel_info(reply=True, timeout=TIMEOUT_S)

    def run(self, code: str) -> None:
        """Runs statements; an exception there is raised here."""
        self._ask(code, {})

    def value(self, expression: str) -> object:
        """The value of an expression that JSON can hold."""
        told = self._ask("", {"value": f"__import__('json').dumps({expression})"})["value"]
        if told["status"] != "ok":
            raise RuntimeError("\n".join(told["traceback"]))
        return json.loads(ast.literal_eval(told["data"]["text/plain"]))

    def wait_value(self, expression: str, wanted: object) -> None:
        """Waits until an expression has this value: what the page sent takes a way of its own."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while (found := self.value(expression)) != wanted:
            if time.monotonic() > deadline_s:
                raise AssertionError(f"{expression} is {found!r}, not {wanted!r}, after {TIMEOUT_S} s")
            time.sleep(0.05)

    def close(self) -> None:
        """Ends the connection; the kernel goes on."""
        self._client.stop_channels()

    def _ask(self, code: str, expressions: dict[str, str]) -> dict[str, dict[str, object]]:
        answer = self._client.execute(
            code, user_expressions=expressions, store_history=False, reply=True, timeout=TIMEOUT_S
        )["content"]
        if answer["status"] != "ok":
            raise RuntimeError("\n".join(answer.get("traceback", [str(answer)])))
        told: dict[str, dict[str, object]] = answer["user_expressions"]
        return told
