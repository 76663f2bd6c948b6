import { useRef, useState } from "preact/hooks";
import { IconButton } from "./IconButton";

const SHOWN_MS = 1_500;

async function copy(text: string, beside: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Missing where a notebook is served over plain http, refused in the frames of some hosts: there is another way.
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  beside.append(area); // a dialog that is open lets nothing outside of it be selected
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  beside.querySelector("button")?.focus();
  return done;
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, say] = useState("");
  const box = useRef<HTMLSpanElement>(null);
  const press = async () => {
    if (box.current === null) return;
    const done = await copy(text, box.current);
    say(done ? "copied" : "the browser did not allow it");
    setTimeout(() => say(""), SHOWN_MS);
  };
  return (
    <span class="sw-copy" ref={box}>
      <IconButton
        icon={said === "copied" ? "check" : "copy"}
        label={`Copy ${what}`}
        onPress={() => void press()}
      />
      <span class="sw-said" role="status">
        {said}
      </span>
    </span>
  );
}
