// For development only: `node dev/serve.mjs` bundles dev.ts and serves it on a loopback port.
import { context } from "esbuild";

const served = await context({
  entryPoints: [
    { in: "dev/dev.ts", out: "dev" },
    { in: "src/styles/widget.css", out: "widget" },
  ],
  outdir: "dev/dist",
  bundle: true,
  format: "esm",
  target: ["es2022"],
  alias: { "d3-interpolate": "./src/interpolate.ts" },
  jsx: "automatic",
  jsxImportSource: "preact",
  // MINIFY=1 serves what is measured, without it what is read.
  ...(process.env.MINIFY ? { minify: true } : { sourcemap: "inline" }),
});
const { port } = await served.serve({
  servedir: "..",
  host: "127.0.0.1",
  port: Number(process.env.PORT ?? 8123),
});
console.log(`http://127.0.0.1:${port}/js/dev/dev.html`);
