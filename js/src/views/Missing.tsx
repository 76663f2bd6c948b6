/** Stands for a value that is not there. */
export function Missing() {
  return (
    <span class="sw-quiet">
      <span aria-hidden>–</span>
      <span class="sw-hidden">missing</span>
    </span>
  );
}
