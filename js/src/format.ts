// Stands in for d3-format in the bundle: d3-scale brings it along for `tickFormat`, which nothing here
// calls, since numbers are written by `numbers.ts` everywhere on the page.

function leftOut(): never {
  throw new Error("the page's stand-in for d3-format writes no numbers: use numbers.ts");
}

export {
  leftOut as format,
  leftOut as formatPrefix,
  leftOut as formatSpecifier,
  leftOut as precisionFixed,
  leftOut as precisionPrefix,
  leftOut as precisionRound,
};
