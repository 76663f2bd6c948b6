"""Page → kernel: what the page may ask for. Each request gets one `Reply`, `Ack` none."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..spec import Generation, Prompt, Selection, Steering
from .bands import FindBand, ReadBand
from .common import Wire
from .features import Pool
from .finding import FindAt, FindContrast, FindNeighbours, FindTogether, ReadLens, ScoreOutput


class Sync(Wire, frozen=True):
    """Send me everything: at load, and after a gap in the numbers."""


class Ack(Wire, frozen=True):
    """Numbers up to here have been drawn. Without it the kernel stops sending."""

    seq: int


class SetPrompts(Wire, frozen=True):
    """These are the prompts now. `instead_of`: what the page changed; refused (`StaleValue`) if that is no longer so."""

    prompts: tuple[Prompt, ...]
    instead_of: tuple[Prompt, ...] | None = None


class SetSelection(Wire, frozen=True):
    """These are the columns now. `instead_of`: as in `SetPrompts`."""

    selection: Selection
    instead_of: Selection | None = None


class SetGeneration(Wire, frozen=True):
    """These are the generation settings now. `instead_of`: as in `SetPrompts`."""

    generation: Generation
    instead_of: Generation | None = None


class Run(Wire, frozen=True):
    """Run what is selected. `replaces`: the run that is on and is to be stopped for it; empty: none may be on."""

    replaces: str = ""


class Stop(Wire, frozen=True):
    """Stop this run."""

    run: str


class Retry(Wire, frozen=True):
    """Run cells of this run again that failed or were stopped; no numbers: all of them."""

    run: str
    cells: tuple[int, ...] = ()


class Reload(Wire, frozen=True):
    """Start the worker again, after it could not load or died too often."""


class ShowLog(Wire, frozen=True):
    """Give the worker's last error in full, and the last lines of its log."""


class Restart(Wire, frozen=True):
    """End the worker and start a fresh one, which loads again; refused while a run is on."""


class Search(Wire, frozen=True):
    """Features by label, or by index where the text is a whole number. `sae`: its name; empty is the first."""

    text: str
    limit: int = 20
    sae: str = ""


class FindFiring(Wire, frozen=True):
    """Which features fire on this prompt? `chat`: as in `Generation`."""

    prompt: Prompt
    chat: bool = False
    limit: int = 20
    sae: str = ""


class ReadTokens(Wire, frozen=True):
    """The prompt's exact tokens, and which of them each of these columns steers."""

    prompt: Prompt
    chat: bool
    columns: tuple[Steering, ...]


class ReadNextToken(Wire, frozen=True):
    """The most likely next tokens after the prompt, unsteered and steered."""

    prompt: Prompt
    chat: bool
    steering: Steering
    k: int = 8


class ReadCells(Wire, frozen=True):
    """These cells of a run token by token. `run`: one of this kernel, or of the history."""

    run: str
    cells: tuple[int, ...]


class ReadPromptFile(Wire, frozen=True):
    """The prompts in a text, CSV or JSON lines file. `name`: its name, whose ending tells the kind."""

    name: str
    content: str


SelectedKind = Literal["features", "prompts"]
SetKind = Literal["features", "prompts", "vectors"]


class ListSets(Wire, frozen=True):
    """The named sets of a kind."""

    kind: SetKind


class SaveSet(Wire, frozen=True):
    """Keep what is selected under this name, instead of what was there."""

    kind: SelectedKind
    name: str


class UseSet(Wire, frozen=True):
    """Select what is kept under this name. `is_added`: besides what is selected, not instead."""

    kind: SetKind
    name: str
    is_added: bool = False


class DeleteSet(Wire, frozen=True):
    """Forget what is kept under this name."""

    kind: SetKind
    name: str


class ExportSet(Wire, frozen=True):
    """The set as a file to share."""

    kind: SetKind
    name: str


class ImportSet(Wire, frozen=True):
    """Keep the set that such a file holds. `name`: the file's, for what has no name in it."""

    kind: SetKind
    content: bytes
    name: str = ""


class MakeVector(Wire, frozen=True):
    """Keep the direction that tells two sets of texts apart under this name. `pool`: over which tokens of a text."""

    name: str
    positive: tuple[Prompt, ...]
    negative: tuple[Prompt, ...]
    pool: Pool = "mean"


class Suggest(Wire, frozen=True):
    """Features that bring about what is wished for, tried behind the widget's prompts; in place of a search that is on."""

    wish: str


class StopSuggesting(Wire, frozen=True):
    """Stop the search for features; it is answered with what there is."""


class ListRuns(Wire, frozen=True):
    """Past runs, newest first, whose prompts, labels, texts, names or tags have these words."""

    text: str = ""
    tag: str = ""
    n_runs: int = 30
    start: int = 0


class OpenRun(Wire, frozen=True):
    """Show a past run and select what it was made of."""

    run: str


class ReadRun(Wire, frozen=True):
    """A past run whole, to be put beside the one that is shown."""

    run: str


class NoteRun(Wire, frozen=True):
    """Name and tags of a past run."""

    run: str
    name: str
    tags: tuple[str, ...]


class DeleteRuns(Wire, frozen=True):
    """Take these runs out of the history."""

    runs: tuple[str, ...]


class RestoreRuns(Wire, frozen=True):
    """Put back what a `DeleteRuns` took out."""

    runs: tuple[str, ...]


ExportFormat = Literal["json", "csv", "html", "py"]


class ExportRun(Wire, frozen=True):
    """A run as a file: everything (JSON), a table (CSV), a page to read (HTML)."""

    run: str
    format: ExportFormat


PageCommand = (
    Sync
    | Ack
    | SetPrompts
    | SetSelection
    | SetGeneration
    | Run
    | Stop
    | Retry
    | Reload
    | Restart
    | ShowLog
    | Search
    | FindFiring
    | FindAt
    | FindContrast
    | FindNeighbours
    | FindTogether
    | ReadLens
    | ScoreOutput
    | FindBand
    | ReadBand
    | ReadTokens
    | ReadNextToken
    | ReadCells
    | ReadPromptFile
    | ListSets
    | SaveSet
    | UseSet
    | DeleteSet
    | ExportSet
    | ImportSet
    | MakeVector
    | Suggest
    | StopSuggesting
    | ListRuns
    | OpenRun
    | ReadRun
    | NoteRun
    | DeleteRuns
    | RestoreRuns
    | ExportRun
)


class PageRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends: a command with an id; each gets one `Reply` (but `Ack`, which gets none)."""

    id: str
    command: PageCommand
