// What d3-shape needs of d3-path. `build.mjs` puts this in its place: lines, areas and symbols here are made of straight
// lines, whole circles and rectangles, and the package brings 2 kB for arcs.

export class Path {
  #text = "";
  readonly #factor: number;

  /** Numbers are rounded to so many decimals. */
  constructor(digits: number) {
    this.#factor = 10 ** digits;
  }

  #add(letter: string, ...numbers: number[]): void {
    this.#text += letter + numbers.map((n) => Math.round(n * this.#factor) / this.#factor).join();
  }

  moveTo(x: number, y: number): void {
    this.#add("M", x, y);
  }

  lineTo(x: number, y: number): void {
    this.#add("L", x, y);
  }

  closePath(): void {
    this.#text += "Z";
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#add("M", x, y);
    this.#add("h", width);
    this.#add("v", height);
    this.#add("h", -width);
    this.closePath();
  }

  /** A whole circle, from the right: a symbol moves there first. */
  arc(x: number, y: number, radius: number): void {
    this.#add("A", radius, radius, 0, 1, 1, x - radius, y);
    this.#add("A", radius, radius, 0, 1, 1, x + radius, y);
  }

  toString(): string {
    return this.#text;
  }
}
