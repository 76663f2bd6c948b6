/** The shown run at a glance. */
export function Summary() {
  return null;
}
