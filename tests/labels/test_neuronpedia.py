"""Neuronpedia's exports and API as a server on this machine gives them: kept, asked for slowly, and what goes wrong."""

from __future__ import annotations

import gzip
import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.errors import DownloadError, InvalidInput
from steer_widget.labels import read_labels
from steer_widget.labels.fetching import Fetcher
from steer_widget.protocol import FeatureCard

SOURCE = "tiny-model/3-res"
EXPORTS = {
    f"v1/{SOURCE}/explanations/batch-0.jsonl.gz": [{"index": "0", "layer": "3-res", "description": "seas"}],
    f"v1/{SOURCE}/explanations/batch-1.jsonl.gz": [{"index": "5", "layer": "3-res", "description": "hills"}],
    f"v1/{SOURCE}/features/batch-0.jsonl.gz": [{"index": "0", "frac_nonzero": 0.1, "maxActApprox": 4.5}],
}
FEATURE = {
    "index": "5", "explanations": [{"description": "hills"}, {"description": "rocks"}], "frac_nonzero": 0.25,
    "maxActApprox": 7.5, "pos_str": [" hill"], "neg_str": [" sea"], "layer": "3-res",
}  # fmt: skip


class Server(ThreadingHTTPServer):
    """Answers as the bucket and the API do, two batches to a page of the listing; counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.broken: dict[str, list[int]] = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path)
        self.server.asked.append(self.path)
        if self.server.broken.get(path.path):
            self.send_response(self.server.broken[path.path].pop())
            self.send_header("Retry-After", "3")
            self.end_headers()
            return
        name = path.path.lstrip("/")
        if not name:
            self._say(self._listing(dict(urllib.parse.parse_qsl(path.query))))
        elif name in EXPORTS:
            self._say(gzip.compress("\n".join(map(json.dumps, EXPORTS[name])).encode()))
        elif name == f"api/feature/{SOURCE}/5":
            self._say(json.dumps(FEATURE).encode())
        elif name == f"api/feature/{SOURCE}/6":
            self._say(b"<html>sign in</html>")
        else:
            self.send_error(404)

    def _listing(self, query: dict[str, str]) -> bytes:
        keys = [key for key in EXPORTS if key.startswith(query["prefix"])]
        at = int(query.get("continuation-token", 0))
        following = f"<NextContinuationToken>{at + 1}</NextContinuationToken>" if at + 1 < len(keys) else ""
        return f"<R>{''.join(f'<Key>{key}</Key>' for key in keys[at : at + 1])}{following}</R>".encode()

    def _say(self, content: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("STEER_WIDGET_CACHE", str(tmp_path / "cache"))
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def at(url: str, source: str = SOURCE, **options: object) -> sw.Neuronpedia:
    return sw.Neuronpedia(source, exports_url=url, api_url=url, **options)  # type: ignore[arg-type]


def test_an_export_is_fetched_once_and_then_read_without_a_network(server: Server) -> None:
    cards = read_labels(at(server.url, "", statistics=True), SOURCE).cards
    assert cards == {0: FeatureCard(0, "seas", density=0.1, max_act=4.5), 5: FeatureCard(5, "hills")}
    n_asked = len(server.asked)
    assert n_asked == 3 + 3  # pages of listings and batches
    assert read_labels(at("http://127.0.0.1:9", statistics=True)).cards == cards
    read_labels(at(server.url, refresh=True))
    assert len(server.asked) == n_asked + 4


def test_single_features_come_with_their_statistics(server: Server) -> None:
    wanted = {5: FeatureCard(5, "hills; rocks", density=0.25, max_act=7.5,
                             logit_lens_up=(" hill",), logit_lens_down=(" sea",))}  # fmt: skip
    assert read_labels(at(server.url, indices=[5])).cards == wanted
    assert read_labels(at("http://127.0.0.1:9", indices=[5])).cards == wanted
    assert len(server.asked) == 1


def test_what_goes_wrong_is_said_and_nothing_half_is_kept(server: Server) -> None:
    with pytest.raises(DownloadError, match=r"no export of explanations for tiny-model/4-res"):
        read_labels(at(server.url, "tiny-model/4-res"))
    with pytest.raises(DownloadError, match=r"api/feature/tiny-model/3-res/7 was refused with 404"):
        read_labels(at(server.url, indices=[7]))
    for _ in range(2):  # what is no answer is not kept
        with pytest.raises(DownloadError, match="feature 6 could not be read"):
            read_labels(at(server.url, indices=[6]))
    with pytest.raises(DownloadError, match=r"could not be fetched.*Probably there is no network"):
        read_labels(at("http://127.0.0.1:9"))
    batch = f"/v1/{SOURCE}/explanations/batch-1.jsonl.gz"
    server.broken[batch] = [404]
    with pytest.raises(DownloadError, match=r"batch-1\.jsonl\.gz was refused with 404"):
        read_labels(at(server.url))
    assert set(read_labels(at(server.url)).cards) == {0, 5}, "what was fetched before the fault is completed"


def test_a_busy_server_is_asked_again_when_it_says(server: Server) -> None:
    path = f"/api/feature/{SOURCE}/5"
    waits: list[float] = []
    fetcher = Fetcher(0.0, waits.append)
    server.broken[path] = [503, 429]
    assert json.loads(fetcher.read(server.url + path)) == FEATURE
    assert waits == [3.0, 3.0]
    server.broken[path] = [429] * 5
    with pytest.raises(DownloadError, match=r"429.*too many questions"):
        fetcher.read(server.url + path)


def test_questions_are_spaced(server: Server) -> None:
    waits: list[float] = []
    fetcher = Fetcher(5.0, waits.append)
    for _ in range(2):
        fetcher.read(f"{server.url}/api/feature/{SOURCE}/5")
    assert len(waits) == 1
    assert 4.0 < waits[0] <= 5.0


@pytest.mark.parametrize("source", ["gemma", "../x", "a/b/c", 7, "a/.."])
def test_a_source_that_is_none_is_refused(source: object) -> None:
    with pytest.raises(InvalidInput, match="source"):
        sw.Neuronpedia(source)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="The SAE says nothing of it"):
        read_labels(sw.Neuronpedia())
