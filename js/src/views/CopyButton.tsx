import { useState } from "preact/hooks";
import { IconButton } from "./IconButton";

const SHOWN_MS = 1_500;

/** `navigator.clipboard` is missing where a notebook is served over plain http. */
async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, say] = useState("");
  const press = async () => {
    const done = await copy(text).catch(() => false);
    say(done ? "copied" : "the browser did not allow it");
    setTimeout(() => say(""), SHOWN_MS);
  };
  return (
    <span class="sw-copy">
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
