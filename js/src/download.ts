// Hands a file to the user: what the kernel wrote, as a download of the browser.
import type { File as ExportedFile } from "./protocol.gen";

/** Long enough for any browser to have taken the file. */
const KEPT_MS = 10_000;

export function download({ name, media_type, content }: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([content], { type: media_type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
