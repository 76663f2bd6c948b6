"""The engine: takes a grid, generates its cells in as few batches as memory allows, measures them, and tells as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..errors import InvalidInput, SteerError
from ..protocol import (
    Activations,
    ErrorInfo,
    Event,
    Fault,
    Firing,
    Hashed,
    ModelInfo,
    NextTokens,
    OutputScores,
    PromptTokens,
    RunDone,
    RunStarted,
    SaeInfo,
)
from ..spec import MEASURES, Feature
from .adapter import Adapter
from .cell_measurer import CellMeasurer
from .checked_point import CheckedPoints
from .co_firing import read_co_firing
from .completion import Completion
from .contrasting import read_contrast
from .directions import Directions
from .firing import read_firing
from .firing_by_token import read_firing_by_token
from .fitting import fit_saes
from .generate import generate
from .hashing import read_hashes
from .lens import read_lens
from .meaning import Meanings
from .means import read_means
from .measures.similarity import Embedder, check_embedder
from .neighbours import find_neighbours
from .next_token import NextTokenReader
from .output_scores import OutputScorer
from .placement import memory_held, processor_name
from .probe import find_abilities
from .profiling import Profiling
from .prompt_tokens import prompt_ids_of, read_prompt_tokens
from .prompts import tokenize
from .readout import Readout
from .row import Row
from .sampling import noise_key
from .scoring import score
from .speed import measure_speed
from .stream import TokenStream

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ..protocol import (
        CheckGrid,
        CoFiringOf,
        ContrastOf,
        FeaturesByToken,
        FeaturesOn,
        FiringByToken,
        Hashes,
        Lens,
        LensOf,
        Load,
        NeighboursOf,
        NextTokenOf,
        OutputScoresOf,
        ReadMeans,
        Scored,
        Speed,
        StartRun,
        TokensOf,
    )
    from ..saes.sae import Sae
    from ..spec import Grid, Measure, RunState, Steering
    from .checkpoint import Checkpoint
    from .row_edit import RowEdit
    from .weight_files import WeightFiles

Emit = Callable[[Event], None]


class Engine:
    """A model with its SAEs, ready to run grids: one at a time, but at a checkpoint of one run another may go.

    Args:
        model: any Hugging Face decoder, on its device.
        tokenizer: the model's.
        saes: by the name that features give; hook points and widths must fit the model. The first one is
            meant where a feature gives no name.
        model_name: as shown to the user.
        max_batch_rows: upper bound on rows per batch; None leaves it to the memory.
        embedder: folder of a sentence-embedding model, for the measure `similarity`; empty: none.
        started_s: monotonic time at which loading began.
        loaded_by: what loaded model and SAEs; None: they are objects of the user's.
        files: that the model was loaded from; None: it is known in memory alone.

    Raises:
        SaeMismatch: model and SAE do not fit.
        HookInactive: an edit at a hook point changes nothing.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        saes: Mapping[str, Sae],
        *,
        model_name: str,
        max_batch_rows: int | None = None,
        embedder: str = "",
        started_s: float | None = None,
        loaded_by: Load | None = None,
        files: WeightFiles | None = None,
    ) -> None:
        self.adapter = Adapter(model, tokenizer)
        self._points = CheckedPoints(self.adapter)
        self.saes = fit_saes(self.adapter, self._points, saes)
        find_abilities(self.adapter)
        self.directions = Directions(self._points, self.saes)
        self.profiling = Profiling(self.adapter, self._read_at)
        self._next_token = NextTokenReader(self.adapter)
        self._readout: Readout | None = None  # found when it is first asked for
        self._output_scorer: OutputScorer | None = None
        self._max_batch_rows = max_batch_rows
        self._files = files
        self._hashes: Hashes | None = None
        self._embedder_folder = check_embedder(embedder) if embedder else None
        self._embedder: Embedder | None = None
        self._meanings: Meanings | None = None
        self.measures: tuple[Measure, ...] = tuple(
            name for name in MEASURES if name != "similarity" or embedder
        )
        self.model_info = _model_info(self.adapter, model_name, loaded_by)
        self.sae_infos = tuple(
            SaeInfo(
                name=name,
                architecture=sae.architecture,
                d_in=sae.d_in,
                d_sae=sae.d_sae,
                hook_name=sae.hook_name,
                layer=self.adapter.point(sae.hook_name).layer,
                residual_norm=self._points.get(sae.hook_name).residual_norm,
                neuronpedia_id=sae.neuronpedia_id,
            )
            for name, sae in self.saes.items()
        )
        self.load_s = time.monotonic() - started_s if started_s is not None else 0.0

    def check(self, command: CheckGrid) -> tuple[int, ...]:
        """Refuses a grid that cannot run; gives the number of tokens of each prompt. Runs no forward pass.

        Raises:
            InvalidInput: names the field, the value and what is allowed.
        """
        for edit in command.grid.edits():
            self.directions.check(edit, command.max_act)
        self._check_measures(command.grid)
        return tuple(len(ids) for ids in self._prompts(command.grid))

    def means(self, question: ReadMeans) -> Activations:
        """Mean activations of texts at a hook point, see `read_means`."""
        return read_means(self.adapter, self._points, question, next(iter(self.saes.values())).hook_name)

    def tokens(self, question: TokensOf) -> PromptTokens:
        """The exact tokens of a prompt, see `read_prompt_tokens`."""
        return read_prompt_tokens(self.adapter, question)

    def firing(self, question: FeaturesOn) -> Firing:
        """Features that fire on a passage, see `read_firing`."""
        return read_firing(self.adapter, *self._read_at(question.sae), question)

    def firing_by_token(self, question: FeaturesByToken) -> FiringByToken:
        """Features that fire on each token of a passage, see `read_firing_by_token`."""
        return read_firing_by_token(self.adapter, *self._read_at(question.sae), question)

    def next_token(self, question: NextTokenOf) -> NextTokens:
        """Next-token distributions unsteered and steered, see `NextTokenReader`.

        Raises:
            InvalidInput: prompt or steering is refused; names the field, the value, what is allowed.
        """
        return self._next_token.read(
            prompt_ids_of(self.adapter, question.prompt, chat=question.chat),
            self._resolved(question.steering, question.max_act),
            keeps_norm=bool(question.steering.preserve_norm),
            k=question.k,
        )

    def lens(self, question: LensOf) -> Lens:
        """Tokens that a direction raises and lowers, see `read_lens`."""
        return read_lens(self.adapter, self.directions, self._found_readout(), question)

    def output_scores(self, question: OutputScoresOf) -> OutputScores:
        """Whether the model writes what directions' logit lenses say, see `OutputScorer`."""
        if self._output_scorer is None:
            self._output_scorer = OutputScorer(
                self.adapter, self._points, self.directions, self._found_readout()
            )
        return OutputScores(tuple(self._output_scorer.scores(question.directions)))

    def neighbours(self, question: NeighboursOf) -> Scored:
        """Features near a direction, see `find_neighbours`."""
        return find_neighbours(self.directions, question)

    def contrast(self, question: ContrastOf) -> Scored:
        """Features that tell texts apart, see `read_contrast`."""
        return read_contrast(self.adapter, *self._read_at(question.sae), question)

    def co_firing(self, question: CoFiringOf) -> Scored:
        """Features that fire with another, see `read_co_firing`."""
        return read_co_firing(self.adapter, *self._read_at(question.sae), question)

    def hashes(self) -> Hashed:
        """Hashes of model and SAEs, see `read_hashes`; objects of the user's are read each time, as they may change."""
        found = self._hashes or read_hashes(self.adapter, self.saes, self._files)
        if self._files is not None:
            self._hashes = found
        return Hashed(found)

    def measure_speed(self) -> Speed | None:
        """How fast it writes, by a few real steps, see `measure_speed`."""
        return measure_speed(self.adapter, self._max_batch_rows)

    def run(self, command: StartRun, emit: Emit, checkpoint: Checkpoint) -> None:
        """Runs the cells of a grid; every one of them gets its `CellDone`, then comes `RunDone`.

        A grid that cannot run is refused by a `RunDone` with an `InvalidInput`, before any work.
        """
        started_s = time.monotonic()
        self._next_token.forget()  # a run needs the memory
        if self._output_scorer is not None:
            self._output_scorer.forget()
        try:
            self._check_measures(command.grid)
            prompts = self._prompts(command.grid)
            rows = self._rows(command, prompts)
        except SteerError as error:
            emit(RunDone(command.run, "failed", 0.0, 0, ErrorInfo.of(error)))
            return
        emit(RunStarted(command.run, tuple(len(ids) for ids in prompts)))
        wanted = self.measures if command.grid.measures is None else command.grid.measures
        stream = TokenStream(command.run, emit, wanted)
        errors = generate(
            self.adapter,
            rows,
            command.grid.generation,
            stream,
            checkpoint,
            max_batch_rows=self._max_batch_rows,
        )
        for row in rows:
            if row.finish is None:
                row.finish = "stopped"
                stream.end(row)
        self._score(command, rows, wanted, emit, checkpoint)
        state: RunState = "done"
        if len(errors) == len(rows):
            state = "failed"
        elif any(row.finish == "stopped" for row in rows):
            state = "stopped"
        n_tokens = sum(len(row.completion.token_ids) for row in rows)
        first_error = errors[0] if state == "failed" else None
        seconds, n_memory_bytes = time.monotonic() - started_s, memory_held(self.adapter.input_device)
        emit(RunDone(command.run, state, seconds, n_tokens, first_error, n_memory_bytes))

    def _score(
        self,
        command: StartRun,
        rows: list[Row],
        wanted: Sequence[Measure],
        emit: Emit,
        checkpoint: Checkpoint,
    ) -> None:
        measurer = CellMeasurer(
            self.adapter,
            self.saes,
            {sae.hook_name: sae.residual_norm for sae in self.sae_infos},
            command.grid,
            wanted=wanted,
            embedder=self._loaded_embedder(emit) if "similarity" in wanted else None,
        )
        if measurer.has_work:
            score(command.run, rows, measurer, emit, checkpoint)

    def meanings(self) -> Meanings:
        """Finds features by what their labels mean.

        Raises:
            InvalidInput: no embedder was given, or it cannot be loaded.
            SteerError: sentence-transformers is not installed.
        """
        if self._embedder_folder is None:
            raise InvalidInput("by", "meaning", "words", hint="meaning needs sw.load(…, embedder='folder').")
        if self._meanings is None:
            self._meanings = Meanings(self._embed_with(self._embedder_folder), self._embedder_folder)
        return self._meanings

    def _embed_with(self, folder: Path) -> Embedder:
        if self._embedder is None:
            self._embedder = Embedder(folder, device=self.adapter.input_device.type)
        return self._embedder

    def _loaded_embedder(self, emit: Emit) -> Embedder | None:
        """Loaded when it is first needed, as its imports take seconds; what is wrong with it is told, once a run."""
        if self._embedder is None and self._embedder_folder is not None:
            try:
                return self._embed_with(self._embedder_folder)
            except SteerError as error:
                emit(Fault(ErrorInfo.of(error)))
        return self._embedder

    def _read_at(self, name: str) -> tuple[Sae, float]:
        """An SAE, and the usual |h| at its hook point."""
        sae = self.directions.sae_of(Feature(0, sae=name))
        return sae, self._points.get(sae.hook_name).residual_norm

    def _found_readout(self) -> Readout:
        if self._readout is None:
            self._readout = Readout(self.adapter)
        return self._readout

    def _check_measures(self, grid: Grid) -> None:
        for name in grid.measures or ():
            if name not in self.measures:
                raise InvalidInput(
                    "measures", name, ", ".join(self.measures),
                    hint="similarity needs a model of sentence embeddings: sw.load(…, embedder='folder').",
                )  # fmt: skip

    def _prompts(self, grid: Grid) -> list[list[int]]:
        return [
            tokenize(self.adapter.tokenizer, prompt, grid.generation, self.adapter.n_context)
            for prompt in grid.prompts
        ]

    def _resolved(self, steering: Steering, max_act: Mapping[str, float]) -> list[RowEdit]:
        """The edits of a column that change anything."""
        edits = (self.directions.resolve(edit, max_act) for edit in steering.edits)
        return [edit for edit in edits if edit is not None]

    def _rows(self, command: StartRun, prompts: list[list[int]]) -> list[Row]:
        grid = command.grid
        steerings = [self._resolved(steering, command.max_act) for steering in grid.steerings]
        rows: list[Row] = []
        for cell in command.cells:
            at = grid.coordinates(cell)
            prompt_ids = prompts[at.prompt]
            rows.append(
                Row(
                    cell=cell,
                    prompt_ids=prompt_ids,
                    edits=steerings[at.steering],
                    key=noise_key(grid.generation.seed, prompt_ids, at.sample),
                    completion=Completion(self.adapter.tokenizer, prompt_ids, grid.generation.stop),
                    keeps_norm=bool(grid.steerings[at.steering].preserve_norm),
                )
            )
        return rows


def _model_info(adapter: Adapter, name: str, loaded_by: Load | None) -> ModelInfo:
    model = adapter.model
    return ModelInfo(
        name=name,
        architecture=type(model).__name__,
        n_layers=adapter.n_layers,
        d_model=adapter.d_model,
        d_vocab=adapter.d_vocab,
        context=adapter.n_context,
        n_parameters=sum(p.numel() for p in model.parameters()),
        dtype=str(adapter.dtype).removeprefix("torch."),
        device=str(adapter.input_device),
        has_chat_template=bool(getattr(adapter.tokenizer, "chat_template", None)),
        processor=processor_name(adapter.input_device),
        n_threads=torch.get_num_threads(),
        loaded_by=loaded_by,
    )
