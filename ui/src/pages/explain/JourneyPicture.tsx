/** The way of a call as a picture: four places, an arrow for each step, a cross where it ends. */
import { useId } from 'react';
import type { Place, Step } from './journey';

const PLACES: { place: Place; label: string }[] = [
  { place: 'page', label: 'Page' },
  { place: 'browser', label: 'Browser' },
  { place: 'gateway', label: 'Drawbridge' },
  { place: 'upstream', label: 'Upstream' },
];
const WIDTH = 680;
const TOP = 46;
const STEP = 46;
const x = (place: Place) => 70 + PLACES.findIndex((known) => known.place === place) * 180;

export function JourneyPicture({ steps }: { steps: Step[] }) {
  const id = useId();
  const height = TOP + steps.length * STEP + 16;
  return (
    <div className="journey-scroll" tabIndex={0} role="region" aria-label="Picture of the way">
      <svg className="journey" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-labelledby={id}>
        <title id={id}>{steps.map(({ title, state }) => `${title} (${WORDS[state]})`).join('; ')}</title>
        <defs>
          {(['passed', 'failed', 'never'] as const).map((state) => (
            <marker key={state} id={`${id}-${state}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
              <path d="M0 0 8 4 0 8z" className={`arrow-head arrow-${state}`} />
            </marker>
          ))}
        </defs>
        {PLACES.map(({ place, label }) => (
          <g key={place}>
            <rect x={x(place) - 56} y="4" width="112" height="28" rx="6" className="journey-place" />
            <text x={x(place)} y="23" textAnchor="middle" className="journey-name">
              {label}
            </text>
            <line x1={x(place)} x2={x(place)} y1="32" y2={height} className="journey-life" />
          </g>
        ))}
        {steps.map((step, index) => (
          <Arrow key={index} step={step} y={TOP + index * STEP + 26} marker={`${id}-${step.state}`} />
        ))}
      </svg>
    </div>
  );
}

export const WORDS = { passed: 'passes', failed: 'ends here', never: 'never happens' };

function Arrow({ step, y, marker }: { step: Step; y: number; marker: string }) {
  const [from, to] = [x(step.from), x(step.to)];
  const direction = Math.sign(to - from);
  const middle = (from + to) / 2;
  return (
    <g className={`journey-step journey-${step.state}`}>
      <line x1={from + 4 * direction} x2={to - 5 * direction} y1={y} y2={y} className="arrow" markerEnd={`url(#${marker})`} />
      <text x={clamp(middle)} y={y - 8} textAnchor="middle" className="journey-text">
        {short(step.title)}
      </text>
      {step.state === 'failed' && (
        <g className="journey-cross">
          <circle cx={middle} cy={y} r="9" />
          <path d={`M${middle - 4} ${y - 4}l8 8m0-8l-8 8`} />
        </g>
      )}
    </g>
  );
}

const clamp = (value: number) => Math.min(WIDTH - 160, Math.max(160, value));
const short = (title: string) => (title.length > 44 ? `${title.slice(0, 42)}…` : title);
