"""Statistics of every feature on the user's own texts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from .arguments import as_count, as_seconds, as_switch
from .calibrator import Calibrator
from .catalog import Catalog
from .controller import Controller
from .errors import InvalidInput, SteerError
from .profiles import Corpus, Profile, ProfileBook, ProfileCards
from .profiles.making import Aim, Making, keep
from .progress_line import ProgressLine

MAX_EXAMPLES: Final = 100
_SHORTEST = 16


class Profiler(Calibrator):
    """Profiles of the user's own texts; arguments as of `Calibrator`."""

    def __init__(self, controller: Controller, catalog: Catalog, folder: Path) -> None:
        super().__init__(controller, catalog, folder)
        self._profiles = ProfileBook(lambda: controller.status, folder)
        for place, sae in enumerate(catalog.saes):
            catalog.learn(ProfileCards(self._profiles, place), sae)

    def profile(
        self,
        texts: Iterable[str] | str | Path,
        *,
        sae: str = "",
        n_examples: int = 5,
        context: int = 256,
        name: str = "",
        resume: bool = False,
        comes_first: bool = False,
        timeout: float = 86_400,
    ) -> Profile:
        """Density, maximum activation and best examples of every feature, and residual norms, in one pass over texts.

        Waits for the worker. Texts are read as they come, some at a time; the model stops at the hook point. Special
        tokens and attention sinks do not count. Runs and questions go first. What was counted is written down every
        30 s, so that `resume` goes on after a crash; Ctrl-C ends it and gives what was counted until then.

        Cards have the numbers at once, and in later sessions with this model and SAE: the unit ``max_act`` works
        then, also of an SAE that came without statistics. Where the SAE's own table knows a number, that one
        stands, unless `comes_first`.

        Args:
            texts: any iterable of texts, such as a list, a generator, the lines of an open file, a data set's
                column; or a path as `sw.read_prompts` takes it. Empty texts count as texts without tokens.
            sae: name of the SAE; '' is the first.
            n_examples: how many texts are kept of each feature, different ones, 1 to 100.
            context: tokens at most that are read at once; longer texts are cut. Never more than the model can hold.
            name: of the texts, shown with the numbers; '' takes the file's name.
            resume: whether to go on after the texts that were counted last time; the texts must begin with them.
            comes_first: whether cards have these numbers in place of the SAE's own, in this session.
            timeout: seconds, loading included. What was counted until then is written down.

        Returns:
            The profile; `is_whole` of its head is False where it was stopped.

        Raises:
            InvalidInput: a value is refused, or the texts do not begin with those that were counted.
            MissingPath: the file cannot be read.
            SaeMismatch: the SAE has no encoder.
            TaskStopped: it was stopped before anything was counted.
            WorkerTimeout: it took longer; go on with `resume`.
            SteerError: the worker could not load, or died; go on with `resume`.
        """
        corpus = Corpus(texts)
        place = self._place(sae)
        k = as_count("n_examples", n_examples)
        if k > MAX_EXAMPLES:
            raise InvalidInput("n_examples", n_examples, f"1 to {MAX_EXAMPLES}")
        n_window = as_count("context", context)
        if n_window < _SHORTEST:
            raise InvalidInput("context", context, f"a whole number from {_SHORTEST} up")
        if not isinstance(name, str):
            raise InvalidInput("name", name, "a text")
        goes_on, first = as_switch("resume", resume), as_switch("comes_first", comes_first)
        deadline_s = time.monotonic() + as_seconds("timeout", timeout)
        self.ready(timeout)
        info = self._controller.status.saes[place]
        key = self._profiles.key(info)
        if key is None:
            raise SteerError("The worker was restarted just now. Try it again.")
        before = self._before(key, k) if goes_on else None
        if before is not None:
            corpus.skip(before.n_texts, before.head.digest)
        aim = Aim(info, key, name, k, n_window)
        made = Making(self._controller, self._profiles.store, corpus, aim, before)
        with ProgressLine() as line:
            found = made.run(deadline_s, line)
        self._profiles.use(key, found, comes_first=first)
        keep(self._profiles.store, key, found)
        return found

    def use_profile(self, profile: Profile, *, sae: str = "", comes_first: bool = False) -> None:
        """Cards have a profile's numbers from now on, in this session: one that was loaded, or made before another.

        Args:
            profile: of this SAE.
            sae: name of the SAE; '' is the first.
            comes_first: whether its numbers stand in place of the SAE's own.

        Raises:
            InvalidInput: it is none, or of another number of features.
            SteerError: no model is loaded yet.
        """
        place = self._place(sae)
        saes = self._controller.status.saes
        key = self._profiles.key(saes[place]) if saes else None
        if key is None:
            raise SteerError("No model is loaded yet. Wait for it: steerer.ready().")
        given: object = profile
        if not isinstance(given, Profile) or given.d_sae != saes[place].d_sae:
            raise InvalidInput("profile", profile, f"a profile of {saes[place].d_sae:,} features")
        self._profiles.use(key, profile, comes_first=as_switch("comes_first", comes_first))

    def _place(self, sae: str) -> int:
        return self._catalog.saes.index(self._named(sae) or self._catalog.saes[0])

    def _before(self, key: str, n_examples: int) -> Profile | None:
        """What was counted last time."""
        store = self._profiles.store
        part = store.read(key, part=True)
        found = store.read(key) if part is None else part
        if found is not None and found.n_examples != n_examples:
            raise InvalidInput(
                "n_examples",
                n_examples,
                f"{found.n_examples}, as last time",
                hint="Or begin anew: resume=False.",
            )
        return found
