import { tickWords } from "../axes";
import type { Coherent } from "../band";
import type { Zone } from "../curves";
import { plainNumber } from "../numbers";
import { useView } from "../page";
import { HEIGHT_PX, MARGIN, type Plot, pixelAt, zonePixels } from "../plot";

interface Props {
  plot: Plot;
  xLabel: string;
  zone: Zone;
  band: Coherent | null;
}

const BOTTOM = HEIGHT_PX - MARGIN.bottom;
const MIN_WORDS_PX = 76;

/** Everything behind the lines: axes with ticks, zones of strengths, the baseline. */
export function CurveAxes({ plot, xLabel, zone, band }: Props) {
  const { id } = useView();
  const { info, x, y, widthPx, baseline } = plot;
  const right = widthPx - MARGIN.right;
  const hatch = id(`hatch-${info.id}`);
  const yWords = info.id === "repetition" ? y.ticks.map(info.words) : tickWords(y.ticks);
  // Strengths are numbers of the user's: each stays as it was given.
  const xWords = x.ticks.map(plainNumber);
  const height = BOTTOM - MARGIN.top;
  const [bandFrom, bandTo] = band === null ? [0, 0] : [pixelAt(band.from, plot), pixelAt(band.to, plot)];
  return (
    <g aria-hidden>
      <defs>
        <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path class="sw-zone-line" d="M0 0V6" />
        </pattern>
      </defs>
      {bandFrom < bandTo && (
        <rect
          class="sw-curve-band"
          data-testid="sw-curve-band"
          x={bandFrom}
          y={MARGIN.top}
          width={bandTo - bandFrom}
          height={height}
        />
      )}
      {zonePixels(zone, plot).map(([from, to]) => (
        <g key={from} data-testid="sw-curve-zone">
          <rect class="sw-zone" x={from} y={MARGIN.top} width={to - from} height={height} />
          <rect fill={`url(#${hatch})`} x={from} y={MARGIN.top} width={to - from} height={height} />
          {to - from >= MIN_WORDS_PX && (
            <text class="sw-zone-words" x={(from + to) / 2} y={MARGIN.top + 12} text-anchor="middle">
              over-steered
            </text>
          )}
        </g>
      ))}
      {y.ticks.map((tick, i) => (
        <g key={tick} transform={`translate(0 ${y.at(tick)})`}>
          <path class="sw-rule" d={`M${MARGIN.left} 0H${right}`} />
          <text x={MARGIN.left - 6} dy="0.32em" text-anchor="end">
            {yWords[i]}
          </text>
        </g>
      ))}
      <path class="sw-axis" d={`M${MARGIN.left} ${BOTTOM}H${right}`} />
      {x.ticks.map((tick, i) => (
        <g key={tick} transform={`translate(${x.at(tick)} ${BOTTOM})`}>
          <path class="sw-axis" d="M0 0V4" />
          <text y="16" text-anchor="middle">
            {xWords[i]}
          </text>
        </g>
      ))}
      <text x={(MARGIN.left + right) / 2} y={HEIGHT_PX - 5} text-anchor="middle">
        {xLabel}
      </text>
      {baseline !== null && (
        <path
          class="sw-baseline-rule"
          data-testid="sw-curve-baseline"
          d={`M${MARGIN.left} ${y.at(baseline)}H${right}`}
        />
      )}
    </g>
  );
}
