import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useView } from "../page";
import { Icon, type IconName } from "./Icon";

interface Props {
  /** On the button. */
  words: string;
  icon?: IconName;
  /** Of the panel, for screen readers; also what the button tells. */
  label: string;
  testId: string;
  /** Called each time it is opened. */
  onOpen?: () => void;
  /** Draws the panel; gets what closes it. */
  children: (close: () => void) => ComponentChildren;
}

/** A button and a panel that hangs below it: Escape and a press elsewhere close it. */
export function Popover({ words, icon, label, testId, onOpen, children }: Props) {
  const { id } = useView();
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!isOpen) return;
    panel.current?.focus();
    const onPointerDown = (event: PointerEvent) => {
      // Hosts with a shadow root tell the real target in the path alone.
      if (root.current !== null && !event.composedPath().includes(root.current)) setOpen(false);
    };
    document.addEventListener("pointerdown", onPointerDown, true);
    return () => document.removeEventListener("pointerdown", onPointerDown, true);
  }, [isOpen]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  const onFocusOut = (event: FocusEvent) => {
    const entered = event.relatedTarget;
    if (entered instanceof Node && root.current?.contains(entered) === false) setOpen(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes from wherever inside the focus is
    <div class="sw-popover" ref={root} onKeyDown={onKeyDown} onFocusOut={onFocusOut}>
      <button
        ref={button}
        type="button"
        class="sw-link"
        title={label}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id(testId) : undefined}
        data-testid={testId}
        onClick={() => {
          if (!isOpen) onOpen?.();
          setOpen(!isOpen);
        }}
      >
        {icon !== undefined && <Icon name={icon} />}
        {words}
      </button>
      {isOpen && (
        <div
          ref={panel}
          class="sw-popover-panel"
          role="dialog"
          aria-label={label}
          id={id(testId)}
          tabIndex={-1}
          data-testid={`${testId}-panel`}
        >
          {children(close)}
        </div>
      )}
    </div>
  );
}
