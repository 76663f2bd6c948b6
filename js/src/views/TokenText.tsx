import { pieces } from "../whitespace";

/** A token's text with blanks and line breaks as marks of their own. */
export function TokenText({ text }: { text: string }) {
  if (text === "") return <span class="sw-unseen">∅</span>;
  return (
    <>
      {pieces(text).map(({ text: part, isMark }, i) =>
        isMark ? (
          <span key={i} class="sw-unseen">
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </>
  );
}
