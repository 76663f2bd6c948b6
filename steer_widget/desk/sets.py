"""What the page asks about named sets of features, prompts and vectors, and about files of prompts."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import msgspec

from ..contrast import Contrast
from ..errors import InvalidInput, rebuild_error
from ..prompt_files import parse_prompts
from ..protocol import (
    Activations,
    DeleteSet,
    ExportSet,
    File,
    ImportSet,
    ListSets,
    MakeVector,
    PromptsRead,
    ReadPromptFile,
    SaveSet,
    SetKind,
    Sets,
    UseSet,
)
from ..sets import FeatureSets, PromptSets, VectorSets, check_name, file_stem
from .from_worker import from_worker
from .handling import Handler, Later, handles

if TYPE_CHECKING:
    from ..spec import SelectedEdit
    from ..steerer import Steerer
    from ..widget import SteerWidget


class SetDesk:
    """Keeps and gives named sets.

    Args:
        widget: whose selection and prompts are kept and set.
        steerer: whose features they are.
    """

    def __init__(self, widget: SteerWidget, steerer: Steerer) -> None:
        self._widget = widget
        self._steerer = steerer

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return dict(
            [
                handles(ListSets, self._list),
                handles(SaveSet, self._save),
                handles(UseSet, self._use),
                handles(DeleteSet, self._delete),
                handles(ExportSet, self._export),
                handles(ImportSet, self._import),
                handles(MakeVector, self._make_vector),
                handles(ReadPromptFile, self._read_prompts),
            ]
        )

    def _list(self, command: ListSets) -> Sets:
        return self._answer(command.kind)

    def _save(self, command: SaveSet) -> Sets:
        if command.kind == "features":
            self._steerer.feature_sets.save(command.name, self._widget.selection)
        else:
            self._steerer.prompt_sets.save(command.name, self._widget.prompts)
        return self._answer(command.kind)

    def _use(self, command: UseSet) -> Sets:
        if command.kind != "prompts":
            return self._answer(command.kind, self._use_rows(command))
        prompts = self._steerer.prompt_sets[command.name]
        with self._widget.hold_sync():
            held = self._widget.prompts if command.is_added else ()
            there = set(held)
            self._widget.prompts = (*held, *(prompt for prompt in prompts if prompt not in there))
        return self._answer(command.kind)

    def _use_rows(self, command: UseSet) -> str:
        if command.kind == "features":
            rows, warning = self._steerer.feature_sets.rows(command.name)
        else:
            rows, warning = self._steerer.vectors.rows(command.name)
        self._check(rows, warning)
        with self._widget.hold_sync():
            selection = self._widget.selection
            held = selection.edits if command.is_added else ()
            self._widget.selection = msgspec.structs.replace(selection, edits=(*held, *rows))
        return warning

    def _check(self, rows: tuple[SelectedEdit, ...], warning: str) -> None:
        try:
            self._steerer.check_edits(rows)
        except InvalidInput as error:
            kind, message = type(error).__name__, f"{error.message} {warning}".strip()
            raise rebuild_error(
                kind, message, field=error.field, value=error.value, allowed=error.allowed
            ) from error

    def _delete(self, command: DeleteSet) -> Sets:
        del self._sets(command.kind)[command.name]
        return self._answer(command.kind)

    def _export(self, command: ExportSet) -> File:
        file = self._sets(command.kind).as_file(command.name)
        name, is_text = f"{file_stem(command.name) or command.kind}{file.ending}", command.kind != "vectors"
        content = file.body.decode() if is_text else b64encode(file.body).decode()
        return File(name, file.media_type, content, not is_text)

    def _import(self, command: ImportSet) -> Sets:
        name = self._sets(command.kind).take_in(command.content, command.name)
        return self._answer(command.kind, f"Imported as {name!r}.")

    def _make_vector(self, command: MakeVector) -> Later:
        asked = Contrast.of(command.positive, command.negative, "", command.pool, check_name(command.name))

        def keep(read: Activations) -> Sets:
            self._steerer.vectors.save(asked.name, asked.vector(read))
            return self._answer("vectors", f"Kept {asked.name!r}.")

        return from_worker(self._steerer.controller, asked.question, Activations, keep, asked.what)

    def _read_prompts(self, command: ReadPromptFile) -> PromptsRead:
        return PromptsRead(tuple(parse_prompts(command.name, command.content)))

    def _sets(self, kind: SetKind) -> FeatureSets | PromptSets | VectorSets:
        if kind == "vectors":
            return self._steerer.vectors
        return self._steerer.feature_sets if kind == "features" else self._steerer.prompt_sets

    def _answer(self, kind: SetKind, note: str = "") -> Sets:
        infos, damaged = self._sets(kind).listed()
        told = [f"{file.path.name} could not be read. {file.why}" for file in damaged]
        return Sets(kind, infos, " ".join(part for part in (note, *told) if part))
