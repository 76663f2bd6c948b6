import { useEffect, useRef, useState } from "preact/hooks";
import { focusOn } from "../focus";
import { useView } from "../page";
import type { ExportFormat } from "../protocol.gen";
import { along, UP_DOWN } from "../roving";
import { IconButton } from "./IconButton";

/** Each with its name, and what it is for. */
const FORMATS: readonly [ExportFormat, string, string][] = [
  ["json", "JSON", "everything; sw.load_result reads it"],
  ["csv", "CSV", "a table, one row per text"],
  ["html", "HTML", "a page to read and to share"],
  ["py", "Python", "code that runs it again"],
];

/** The run as a file, in one of four kinds. */
export function ExportMenu({ run, name }: { run: string; name: string }) {
  const { history } = useView();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const items = () => [...(box.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
  useEffect(() => {
    if (open) items()[0]?.focus({ preventScroll: true });
  }, [open]);
  const close = () => {
    setOpen(false);
    focusOn(box.current?.querySelector<HTMLElement>(".sw-icon-button"));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const all = items();
    const next = along(all.indexOf(event.target as HTMLElement), all.length, event.key, UP_DOWN, true);
    if (event.key === "Escape") close();
    else if (next !== null) all[next]?.focus();
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and focus of the button and the menu inside
    <div
      ref={box}
      class="sw-export"
      onKeyDown={onKeyDown}
      onFocusOut={(event) => {
        if (!box.current?.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <IconButton
        icon="download"
        label={`Export ${name}`}
        expanded={open}
        testId={`sw-past-export-${run}`}
        onPress={() => setOpen(!open)}
      />
      {open && (
        <div class="sw-export-menu" role="menu" aria-label={`Export ${name} as`}>
          {FORMATS.map(([format, words, hint]) => (
            <button
              key={format}
              type="button"
              class="sw-export-item"
              role="menuitem"
              tabIndex={-1}
              data-testid={`sw-past-export-${run}-${format}`}
              onClick={() => {
                close();
                void history.export(run, format);
              }}
            >
              <strong>{words}</strong>
              <span class="sw-quiet">{hint}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
