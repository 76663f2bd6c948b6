import { useLayoutEffect, useRef } from "preact/hooks";

/**
 * A text that grows at its end. New text is appended to the one text node there is, so that a selection
 * made by the reader survives and long texts cost no more than short ones.
 */
export function StreamText({ text, testId }: { text: string; testId: string }) {
  const box = useRef<HTMLDivElement>(null);
  const shown = useRef("");
  useLayoutEffect(() => {
    const node = box.current;
    if (node === null || shown.current === text) return;
    const data = node.firstChild;
    if (data instanceof Text && text.startsWith(shown.current)) {
      data.appendData(text.slice(shown.current.length));
    } else {
      node.textContent = text;
    }
    shown.current = text;
  }, [text]);
  return (
    <div ref={box} class="sw-text" dir="auto" data-leading={text.startsWith(" ")} data-testid={testId} />
  );
}
