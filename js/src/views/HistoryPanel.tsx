/** Past runs. */
export function HistoryPanel() {
  return null;
}
