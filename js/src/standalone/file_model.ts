// A run in a file in the place of a kernel: what traits would hold, and nobody who answers.
import type { HostModel } from "../connection";
import { NOTHING_LEFT, UNKNOWN_STATUS } from "../defaults";
import type { PageCommand, Reply, RunFile, RunSnapshot, Status } from "../protocol.gen";
import type { Ask } from "../tokens";
import { unpack } from "./packed";

export function modelOf({ run, model, saes }: RunFile): HostModel {
  const snapshot: RunSnapshot = { type: "RunSnapshot", seq: 0, run, backlog: NOTHING_LEFT, n_left_out: 0 };
  const status: Status = { ...UNKNOWN_STATUS, model, saes };
  const traits: Readonly<Record<string, unknown>> = { snapshot, status };
  return {
    get: (name) => traits[name],
    on: () => {},
    off: () => {},
    send: () => {
      throw new Error("a file has no kernel");
    },
  };
}

/** Answers what is asked of texts out of the file; tokens are unpacked when they are first asked for. */
export function askOf({ run, tokens: packed }: RunFile): Ask {
  let tokens: ReturnType<typeof unpack> | null = null;
  return async (command: PageCommand): Promise<Reply["result"]> => {
    if (command.type !== "ReadCells" || command.run !== run.id) return null;
    tokens ??= unpack(packed);
    const read = await tokens;
    return {
      type: "CellsRead",
      run: run.id,
      cells: command.cells.map((index) => ({ index, tokens: read.of(index) })),
    };
  };
}
