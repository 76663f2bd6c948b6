import { useState } from "preact/hooks";
import type { Coherent } from "../band";
import { stopWords } from "../columns";
import type { Point, Zone } from "../curves";
import { plainNumber } from "../numbers";
import { useView } from "../page";
import { HEIGHT_PX, type Plot } from "../plot";
import { moved } from "../roving";
import { CurveAxes } from "./CurveAxes";
import type { NamedLine } from "./CurveLegend";
import { CurveLine } from "./CurveLine";
import { CurveTip } from "./CurveTip";
import { DataTable } from "./DataTable";

interface Props {
  plot: Plot;
  named: readonly NamedLine[];
  xLabel: string;
  zone: Zone;
  band: Coherent | null;
}

/** A place among the points: line and number of the point on it. */
export type At = readonly [number, number];

export function pointWords(plot: Plot, { line, name }: NamedLine, point: Point): string {
  const { info } = plot;
  const at = `${name} ${stopWords(line, point.strength)}`;
  if (point.value === null) return `${at}: ${info.name} missing`;
  const of = plot.spread === "none" ? "" : `, mean of ${point.n} ${point.n === 1 ? "text" : "texts"}`;
  return `${at}: ${info.name} ${info.words(point.value)}${of}`;
}

/** One measure against the strength. Points are buttons that lead to their texts; arrow keys go along the lines. */
export function CurveChart({ plot, named, xLabel, zone, band }: Props) {
  const { results, id } = useView();
  const [stop, setStop] = useState<At>([0, 0]);
  const [tip, setTip] = useState<At | null>(null);
  const { info, widthPx, points } = plot;
  const drawn = points.map((line) => line.filter(({ value }) => value !== null));
  const row = drawn[stop[0]]?.length ? stop[0] : drawn.findIndex(({ length }) => length > 0);
  const column = Math.min(stop[1], (drawn[row]?.length ?? 1) - 1);
  const onKeyDown = (event: KeyboardEvent & { currentTarget: SVGSVGElement }) => {
    if (event.key === "Escape") setTip(null);
    // Upwards is to the line before, as in the legend; lines without a point are passed over.
    const filled = drawn.flatMap((line, n) => (line.length > 0 ? [n] : []));
    const here: At = [filled.indexOf(row), column];
    const next = moved(here, [filled.length, drawn[row]?.length ?? 0], event.key);
    if (next === null) return;
    event.preventDefault();
    const line = filled[next[0]] ?? 0;
    const at: At = [line, Math.min(next[1], (drawn[line]?.length ?? 1) - 1)];
    setStop(at);
    event.currentTarget.querySelector<SVGElement>(`[data-at="${at[0]}-${at[1]}"]`)?.focus();
  };
  const tipped = tip === null ? undefined : drawn[tip[0]]?.[tip[1]];
  const tipLine = tip === null ? undefined : named[tip[0]];
  const strengths = [...new Set(points.flat().map(({ strength }) => strength))].sort((a, b) => a - b);
  return (
    <figure class="sw-chart" data-testid={`sw-curve-${info.id}`} aria-labelledby={id(`curve-${info.id}`)}>
      <figcaption title={info.hint}>
        <h4 id={id(`curve-${info.id}`)}>{info.name}</h4>
        <span class="sw-quiet">
          {info.unit}
          {info.isLog === true && "log axis"}
        </span>
      </figcaption>
      <div class="sw-chart-area" onPointerLeave={() => setTip(null)}>
        <svg
          width={widthPx}
          height={HEIGHT_PX}
          role="group"
          aria-labelledby={id(`curve-${info.id}`)}
          aria-describedby={id(`curve-about-${info.id}`)}
          onKeyDown={onKeyDown}
        >
          <desc id={id(`curve-about-${info.id}`)}>
            {`${info.hint} Against ${xLabel}, a line for each of: ${named.map(({ name }) => name).join("; ")}.`}
          </desc>
          <CurveAxes plot={plot} xLabel={xLabel} zone={zone} band={band} />
          {named.map((one, line) => (
            <CurveLine
              key={line}
              plot={plot}
              named={one}
              number={line}
              points={points[line] ?? []}
              stop={line === row ? column : null}
              onTip={(at) => setTip(at === null ? null : [line, at])}
              onPress={(at, cell) => {
                setStop([line, at]);
                results.showCell(cell);
              }}
            />
          ))}
        </svg>
        {tipped !== undefined && tipLine !== undefined && (
          <CurveTip plot={plot} named={tipLine} point={tipped} />
        )}
      </div>
      <DataTable
        testId={`sw-curve-data-${info.id}`}
        caption={`${info.name} against ${xLabel}`}
        head={["Strength", ...named.map(({ name }) => name)]}
        rows={() =>
          strengths.map((strength) => [
            plainNumber(strength),
            ...points.map((line) => {
              const value = line.find((point) => point.strength === strength)?.value ?? null;
              return value === null ? "" : info.words(value);
            }),
          ])
        }
      />
    </figure>
  );
}
