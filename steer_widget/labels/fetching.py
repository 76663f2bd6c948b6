"""Files from the web, kept: asked for slowly, tried again where the server says so, never half there."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..errors import DownloadError, InvalidInput

TIMEOUT_S: Final = 30.0
_N_TRIES = 5
_LONGEST_WAIT_S = 60.0
_BUSY = frozenset({429, 500, 502, 503, 504})


class Fetcher:
    """Asks one server, at most once in `interval_s` seconds.

    Args:
        interval_s: between two questions.
        sleep: waits so many seconds.
    """

    def __init__(self, interval_s: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._interval_s = interval_s
        self._sleep = sleep
        self._next_s = 0.0

    def read(self, url: str) -> bytes:
        """What the server answers.

        Raises:
            DownloadError: it cannot be reached, or does not answer in time, or refuses; the text says which.
        """
        for n_tried in range(1, _N_TRIES + 1):
            self._wait()
            try:
                with _open(url) as answer:
                    return bytes(answer.read())
            except urllib.error.HTTPError as error:
                if error.code not in _BUSY or n_tried == _N_TRIES:
                    raise _refused(url, error) from error
                self._sleep(_retry_after_s(error, n_tried))
            except (OSError, http.client.HTTPException) as error:
                raise DownloadError(
                    f"{url} could not be fetched: {error}. Probably there is no network here, or a proxy is needed "
                    "(HTTPS_PROXY). Nothing was changed; what was fetched before is kept and is not asked for again."
                ) from error
        raise AssertionError("the last try returns or raises")

    def keep(self, url: str, path: Path) -> None:
        """Fetches into a file, unless it is there.

        Raises:
            DownloadError: see `read`; or the file cannot be written.
        """
        if path.exists():
            return
        content = self.read(url)
        part = path.with_name(f"{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            raise DownloadError(
                f"{path} could not be written: {error}. Make room there, or name another cache folder in the "
                "environment: STEER_WIDGET_CACHE."
            ) from error

    def _wait(self) -> None:
        left_s = self._next_s - time.monotonic()
        if left_s > 0:
            self._sleep(left_s)
        self._next_s = time.monotonic() + self._interval_s


def _open(url: str) -> http.client.HTTPResponse:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise InvalidInput("url", url, "an address that begins with https:// or http://")
    request = urllib.request.Request(url, headers={"User-Agent": "steer_widget"})  # noqa: S310 - checked above
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310 - same
    return answer


def _retry_after_s(error: urllib.error.HTTPError, n_tried: int) -> float:
    said = error.headers.get("Retry-After", "") if error.headers else ""
    return min(float(said) if said.isdecimal() else 2.0**n_tried, _LONGEST_WAIT_S)


def _refused(url: str, error: urllib.error.HTTPError) -> DownloadError:
    why = {
        404: "It has no such thing: is the name right?",
        403: "It has no such thing, or does not show it: is the name right?",
        429: "It has had too many questions from here: try again in an hour.",
    }.get(error.code, "Try again later.")
    return DownloadError(f"{url} was refused with {error.code} {error.reason}. {why}")
