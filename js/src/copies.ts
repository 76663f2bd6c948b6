// The copy of the latest run for readers without a kernel, as an output of the notebook below the widget. JupyterLab
// renews it by itself until its page is reloaded: then nothing leads from the kernel to an output of the page before.
import type { StaticCopy } from "./protocol.gen";

interface Outputs {
  readonly length: number;
  get(index: number): { readonly data: Readonly<Record<string, unknown>> };
  set(index: number, output: object): void;
}

/** What JupyterLab and Notebook hand to widgets; other hosts have no notebook there. */
interface Manager {
  readonly context?: {
    readonly model?: { readonly cells?: Iterable<{ readonly outputs?: Outputs }> } | null;
  } | null;
}

/** Puts the newest copy in the place of older ones of the same widget. */
export function renewCopies(manager: unknown, { mark, bundle }: StaticCopy): void {
  for (const { outputs } of (manager as Manager | null | undefined)?.context?.model?.cells ?? [])
    for (let i = 0; outputs !== undefined && i < outputs.length; i += 1) {
      const html = outputs.get(i).data["text/html"];
      if (html !== bundle["text/html"] && `${html}`.includes(mark))
        outputs.set(i, { output_type: "display_data", data: bundle, metadata: {} });
    }
}
