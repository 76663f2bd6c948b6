// Bundles the page into steer_widget/static/. Same input, same bytes: CI compares the result.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";
import { ownNames } from "./own_names.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "steer_widget", "static");
const MAX_BYTES = 250_000;
const OWN_NAMES = new RegExp(`^(?:${ownNames(here).join("|")})$`);

/** What the d3 packages bring along and nothing here calls: 6 kB. */
const onlyWhatIsUsed = {
  name: "only-what-is-used",
  setup({ onLoad }) {
    // One file that makes things when it is loaded: where nobody uses them, they go.
    onLoad({ filter: /d3-array\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(
        / = (bisector|Blur2|shuffler)\(/g,
        " = /* @__PURE__ */ $1(",
      ),
    }));
    // Numbers are written by `numbers.ts` everywhere on the page.
    onLoad({ filter: /d3-scale.src.tickFormat\.js$/ }, () => ({
      contents: 'export default () => { throw new Error("use numbers.ts"); }',
    }));
  },
};

/** A script and its styles: `steer_widget/static/NAME.js` and `NAME.css`. */
async function bundle(name, script, styles) {
  await build({
    absWorkingDir: here,
    entryPoints: [
      { in: script, out: name },
      { in: styles, out: name },
    ],
    outdir: out,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    // 6 kB less.
    mangleProps: OWN_NAMES,
    // Children as arguments instead of a property: 6 kB less.
    inject: ["src/jsx.ts"],
    tsconfigRaw: {
      compilerOptions: { jsx: "react", jsxFactory: "h", jsxFragmentFactory: "Fragment", target: "ES2022" },
    },
    alias: { "d3-interpolate": "./src/interpolate.ts", "d3-path": "./src/path.ts" },
    plugins: [onlyWhatIsUsed],
    logLevel: "warning",
  });

  // What esbuild leaves, seen as a whole: 5 kB less. Nothing here makes objects of functions that have no `this`, which
  // `unsafe_arrows` would break; what has a getter may be read for its sake (signals), so `pure_getters` stays off.
  const path = join(out, `${name}.js`);
  const { code } = await minify(readFileSync(path, "utf8"), {
    module: true,
    ecma: 2020,
    compress: { passes: 5, hoist_funs: true, keep_fargs: false, unsafe_arrows: true, unsafe_methods: true },
    format: { ascii_only: false },
  });
  writeFileSync(path, code);
  for (const file of [`${name}.js`, `${name}.css`]) {
    const { size } = statSync(join(out, file));
    console.log(`${file}: ${(size / 1000).toFixed(1)} kB`);
    if (size > MAX_BYTES) {
      console.error(`${file} has ${size} bytes; at most ${MAX_BYTES} are allowed.`);
      process.exit(1);
    }
  }
}

await bundle("widget", "src/index.ts", "src/styles/widget.css");
await bundle("standalone", "src/standalone/index.ts", "src/styles/standalone.css");

// The bundle holds these packages, whose licences travel with it.
const PACKAGES = ["preact", "@preact/signals", "@preact/signals-core", "d3-array", "d3-scale", "d3-shape"];
const bundled = PACKAGES.map(
  (name) => `${name}\n\n${readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8").trim()}\n`,
);
writeFileSync(join(out, "THIRD_PARTY_LICENSES.txt"), bundled.join("\n\n"));
