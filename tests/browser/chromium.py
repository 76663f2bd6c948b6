"""A Chromium that reaches this machine only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Request, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # a page that needs a server elsewhere fails at once, with and without a network
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
LOCAL_ADDRESSES = ("http://127.0.0.1", "ws://127.0.0.1", "http://localhost", "data:", "blob:")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that the environment's ``CHROMIUM`` names."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise RuntimeError("No Chromium found: apt-get install chromium, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def note_foreign_requests(context: BrowserContext) -> list[str]:
    """A list that fills with the addresses asked for outside this machine."""
    foreign: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(LOCAL_ADDRESSES):
            foreign.append(request.url)

    context.on("request", note)
    return foreign
