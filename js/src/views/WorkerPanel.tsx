/** The worker: what it has loaded, what it holds, its log. */
export function WorkerPanel() {
  return null;
}
