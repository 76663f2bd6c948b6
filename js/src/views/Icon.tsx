const PATHS = {
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M6 6h7v7H6zM10 6V3H3v7h3",
  chevron: "M4.5 6.5L8 10l3.5-3.5",
  plus: "M8 3v10M3 8h10",
  check: "M3 8.5l3.2 3.2L13 5",
  stop: "M4.5 4.5h7v7h-7z",
  alert: "M8 2.5l6 11H2zM8 7v3M8 11.6v.4",
  clock: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11M8 5v3.2l2 1.3",
  loop: "M3 8a5 5 0 018.800-3.200M13 8a5 5 0 01-8.800 3.200M12 2v3H9M4 14v-3h3",
  retry: "M13 8a5 5 0 11-1.600-3.670M13 2.500v2.900h-2.900",
  empty: "M3 3h10v10H3zM3 13L13 3",
  broken: "M2 8h3l2-4M9 12l2-4h3M6.500 13l3-10",
  pen: "M3 13l.6-2.6L10.8 3.200l2 2L5.600 12.400z",
  bookmark: "M4.500 2.500h7v11L8 10.700l-3.500 2.800z",
  download: "M8 2.500v7.500M4.800 7L8 10.200 11.200 7M3 13.500h10",
  upload: "M8 10.200V2.500M4.800 5.700L8 2.500l3.200 3.200M3 13.500h10",
  trash: "M3 4.500h10M6 4.500v-2h4v2M4.500 4.500l.6 9h5.800l.6-9",
  search: "M7 2.500a4.500 4.500 0 100 9 4.500 4.500 0 000-9M10.300 10.300L13.500 13.500",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside words; never the only carrier of a meaning. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="sw-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
