"""Labels and statistics of Neuronpedia: exports of whole SAEs, single features by its API; kept in the cache folder."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from ..arguments import as_switch
from ..embedded.places import cache_folder
from ..errors import DownloadError, InvalidInput
from .fetching import Fetcher
from .rows import PlacedRow, rows_of

EXPORTS_URL: Final = "https://neuronpedia-datasets.s3.us-east-1.amazonaws.com"
API_URL: Final = "https://www.neuronpedia.org"
EXPORT_INTERVAL_S: Final = 0.1
API_INTERVAL_S: Final = 0.5

_SOURCE = re.compile(r"(?!\.)[\w.\-]+/(?!\.)[\w.\-]+")
_ALLOWED = "the model's and the source's name, as 'gemma-2-2b/20-gemmascope-res-16k'"
_KEY = re.compile(r"<Key>([^<]+)</Key>")
_NEXT = re.compile(r"<NextContinuationToken>([^<]+)</NextContinuationToken>")
_BATCH = re.compile(r"batch-[0-9]+\.jsonl\.gz")
_COMPLETE = "complete"


class _Explanation(msgspec.Struct):
    description: str = ""


class _ApiFeature(msgspec.Struct):
    index: int | str
    explanations: list[_Explanation] = []
    frac_nonzero: float | None = None
    max_act: float | None = msgspec.field(name="maxActApprox", default=None)
    pos_str: list[str] = []
    neg_str: list[str] = []


class Neuronpedia:
    """Labels that Neuronpedia has of an SAE, for `steerer.add_labels`. Nothing is asked before that.

    What was fetched is kept in the user's cache folder (``STEER_WIDGET_CACHE`` names another) and taken from there
    the next time, without a network.

    Args:
        source: model and source, as in the address of a feature: ``gemma-2-2b/20-gemmascope-res-16k``. Empty: what
            the SAE itself says, its ``neuronpedia_id``.
        indices: fetches these features alone, with their statistics, one question each; none: the export of all.
        statistics: whether the export of statistics (density, maximum activation, logit lens) is fetched too; it is
            some hundred times as large as the labels.
        refresh: whether what lies in the cache is fetched anew.
        exports_url: where exports are listed and fetched.
        api_url: where single features are asked for, such as a Neuronpedia of your own.

    Raises:
        InvalidInput: a value is refused.
    """

    def __init__(
        self,
        source: str = "",
        *,
        indices: Sequence[int] = (),
        statistics: bool = False,
        refresh: bool = False,
        exports_url: str = EXPORTS_URL,
        api_url: str = API_URL,
    ) -> None:
        if source != "" and not _SOURCE.fullmatch(str(source)):
            raise InvalidInput("source", source, _ALLOWED)
        _check_indices(indices)
        self._source = source
        self._indices = tuple(indices)
        self._kinds = (
            ("explanations", "features") if as_switch("statistics", statistics) else ("explanations",)
        )
        self._refresh = as_switch("refresh", refresh)
        self._exports_url = exports_url.rstrip("/")
        self._api_url = api_url.rstrip("/")

    def __str__(self) -> str:
        return f"Neuronpedia {self._source}".strip()

    def rows(self, neuronpedia_id: str) -> Iterator[PlacedRow]:
        """Rows of features, fetched first where they are not there.

        Args:
            neuronpedia_id: what the SAE says of itself.

        Raises:
            InvalidInput: neither this nor the SAE names a source.
            DownloadError: it cannot be fetched.
        """
        source = self._source or neuronpedia_id
        if not _SOURCE.fullmatch(source):
            raise InvalidInput(
                "source", source, _ALLOWED,
                hint="The SAE says nothing of it: sw.Neuronpedia('model/source').",
            )  # fmt: skip
        folder = cache_folder() / "neuronpedia" / source
        if self._indices:
            yield from self._single(source, folder / "api")
            return
        for kind in self._kinds:
            self._fetch_export(source, kind, folder / kind)
            try:
                yield from rows_of(folder / kind)
            except InvalidInput as error:
                raise DownloadError(
                    f"What was kept of Neuronpedia in {folder / kind} is damaged: {error} "
                    "sw.Neuronpedia(…, refresh=True) fetches it anew."
                ) from error

    def _fetch_export(self, source: str, kind: str, folder: Path) -> None:
        complete = folder / _COMPLETE
        if self._refresh and complete.exists():
            for old in (complete, *folder.glob("batch-*")):
                old.unlink()
        if complete.exists():
            return
        fetcher = Fetcher(EXPORT_INTERVAL_S)
        keys = self._listed(fetcher, f"v1/{source}/{kind}/")
        if not keys:
            raise DownloadError(
                f"Neuronpedia has no export of {kind} for {source}. Is the name right? Its exports are listed at "
                f"{self._exports_url}/index.html?prefix=v1/; single features: sw.Neuronpedia('{source}', indices=[…])."
            )
        for key in keys:
            fetcher.keep(f"{self._exports_url}/{urllib.parse.quote(key)}", folder / Path(key).name)
        complete.touch()

    def _listed(self, fetcher: Fetcher, prefix: str) -> list[str]:
        """Names of the batches, from the listing that S3 gives."""
        found: list[str] = []
        token = ""
        while True:
            query = {"list-type": "2", "prefix": prefix, **({"continuation-token": token} if token else {})}
            page = fetcher.read(f"{self._exports_url}/?{urllib.parse.urlencode(query)}").decode(
                "utf-8", "replace"
            )
            found += [key for key in _KEY.findall(page) if _BATCH.fullmatch(key.removeprefix(prefix))]
            following = _NEXT.search(page)
            if following is None:
                return found
            token = following[1]

    def _single(self, source: str, folder: Path) -> Iterator[PlacedRow]:
        fetcher = Fetcher(API_INTERVAL_S)
        for index in self._indices:
            kept = folder / f"{index}.json"
            if self._refresh:
                kept.unlink(missing_ok=True)
            fetcher.keep(f"{self._api_url}/api/feature/{source}/{index}", kept)
            yield f"feature {index} of Neuronpedia", _api_row(kept)


def _check_indices(given: Sequence[object]) -> None:
    for index in given:
        if isinstance(index, bool) or not isinstance(index, int) or index < 0:
            raise InvalidInput("indices", index, "numbers of features, from 0 up")


def _api_row(kept: Path) -> Mapping[str, object]:
    try:
        found = msgspec.json.decode(kept.read_bytes(), type=_ApiFeature)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kept.unlink(missing_ok=True)
        raise DownloadError(
            f"Neuronpedia's answer for feature {kept.stem} could not be read: {error}. Probably something between "
            "here and there answered instead of it. Try again."
        ) from error
    return {
        "index": found.index,
        "label": "; ".join(dict.fromkeys(one.description for one in found.explanations if one.description)),
        "density": found.frac_nonzero,
        "max_act": found.max_act,
        "logit_lens_up": found.pos_str,
        "logit_lens_down": found.neg_str,
    }
