import type { Example } from "../protocol.gen";

/** A text on which a feature fires, with the token marked. */
export function ExampleText({ example }: { example: Example }) {
  return (
    <bdi class="sw-example-text">
      {example.left}
      <mark>{example.token}</mark>
      {example.right}
    </bdi>
  );
}
