// Shapes of points: they tell lines apart where colours do not.
import {
  type SymbolType,
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from "d3-shape";

const SHAPES: readonly SymbolType[] = [
  symbolCircle,
  symbolSquare,
  symbolTriangle,
  symbolDiamond,
  symbolCross,
  symbolStar,
  symbolWye,
];

/** Path of the n-th line's points, around 0, 0. */
export function shapePath(n: number, areaPx: number): string {
  return symbol(SHAPES[n % SHAPES.length], areaPx)() ?? "";
}

/** Whether the n-th line's points are only outlined: once every shape has been used. */
export const isHollow = (n: number): boolean => Math.floor(n / SHAPES.length) % 2 === 1;
