const PATHS = {
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M6 6h7v7H6zM10 6V3H3v7h3",
  chevron: "M4.5 6.5L8 10l3.5-3.5",
  plus: "M8 3v10M3 8h10",
  check: "M3 8.5l3.2 3.2L13 5",
  stop: "M4.5 4.5h7v7h-7z",
  alert: "M8 2.5l6 11H2zM8 7v3M8 11.6v.4",
  clock: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11M8 5v3.2l2 1.3",
  loop: "M3 8a5 5 0 018.8-3.2M13 8a5 5 0 01-8.8 3.2M12 2v3H9M4 14v-3h3",
  retry: "M13 8a5 5 0 11-1.6-3.67M13 2.5v2.9h-2.9",
  empty: "M3 3h10v10H3zM3 13L13 3",
  broken: "M2 8h3l2-4M9 12l2-4h3M6.5 13l3-10",
  pen: "M3 13l.6-2.6L10.8 3.2l2 2L5.6 12.4z",
  grip: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
  negate: "M8 2.5v6M5 5.5h6M5 12.5h6",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 100 3.6 1.8 1.8 0 000-3.6",
  hidden: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM3 13.5L13 2.5",
  undo: "M5.5 3L2.5 6l3 3M2.5 6h7a3.7 3.7 0 010 7.4H7",
  out: "M6.5 3.5h-3v9h9v-3M9.5 2.5h4v4M13.5 2.5L7.5 8.5",
  apart: "M5 3v10M2.5 5.5L5 3l2.5 2.5M11 13V3M8.5 10.5L11 13l2.5-2.5",
  spark: "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z",
  bookmark: "M4.5 2.5h7v11L8 10.7l-3.5 2.8z",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.5h10",
  upload: "M8 10.2V2.5M4.8 5.7L8 2.5l3.2 3.2M3 13.5h10",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9",
  search: "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9M10.3 10.3L13.5 13.5",
  pin: "M6 2.5h4l-.5 4 2.3 2.5H4.2l2.3-2.5zM8 9v4.5",
  expand: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13 3L9 7M3 13l4-4",
  sift: "M2.5 4h11M4.5 8h7M6.5 12h3",
  arrow: "M8 13V3M4.5 6.5L8 3l3.5 3.5",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside words; never the only carrier of a meaning. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="sw-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
