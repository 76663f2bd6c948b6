// Names of properties that nobody outside of the page knows: the bundle may shorten them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Names without a capital that are read often; browsers have some of them too, in what the page does not use. */
const SHORT = [
  "words",
  "hint",
  "icon",
  "actions",
  "store",
  "shown",
  "colours",
  "opened",
  "editing",
  "finding",
  "bands",
  "forget",
  "means",
  "numbers",
  "picking",
  "places",
  "refused",
  "request",
  "reshape",
  "retrying",
];
const IDENTIFIER = /[A-Za-z_$][\w$]*/g;
/** With a capital inside: what the wire and the methods of steering are called has none. */
const CANDIDATE = /\b[a-z][a-z0-9]*[A-Z]\w*/g;
/** What is looked up by its name, or told by it. */
const QUOTED = /["'`]([A-Za-z_]\w*)["'`]/g;
const COMMENT = /\/\*.*?\*\//gs;

const filesIn = (folder, ending) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

/**
 * Names of the sources that are neither the browser's, nor a package's, nor the protocol's, and stand nowhere in
 * quotes.
 */
export function ownNames(here) {
  const modules = join(here, "node_modules");
  const sources = filesIn(join(here, "src"), /\.tsx?$/);
  const protocol = readFileSync(join(here, "src", "protocol.gen.ts"), "utf8").replace(COMMENT, "");
  const others = [
    ...filesIn(join(modules, "@typescript"), /^lib\..*\.d\.ts$/),
    ...["preact", "@preact", "@types/d3-scale", "@types/d3-shape"].flatMap((name) =>
      filesIn(join(modules, name), /\.d\.ts$/),
    ),
  ];
  const told = new Set(protocol.match(IDENTIFIER));
  for (const text of sources) for (const [, name] of text.matchAll(QUOTED)) told.add(name);
  const wrong = SHORT.filter((name) => told.has(name));
  if (wrong.length > 0)
    throw new Error(`${wrong.join()}: the protocol has this name, or it stands in quotes`);
  const known = new Set([...told, ...others.flatMap((text) => text.match(IDENTIFIER) ?? [])]);
  const found = new Set(sources.flatMap((text) => text.replace(COMMENT, "").match(CANDIDATE) ?? []));
  return [...SHORT, ...found].filter((name) => SHORT.includes(name) || !known.has(name)).sort();
}
