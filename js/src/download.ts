// Hands a file to the user: what the kernel wrote, as a download of the browser.
import { bytesOf } from "./base64";
import type { File as ExportedFile } from "./protocol.gen";

/** Long enough for any browser to have taken the file. */
const KEPT_MS = 10_000;

export function download({ name, media_type, content, is_base64 }: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([is_base64 ? bytesOf(content) : content], { type: media_type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
