/** The answer: verdict, cause and cure first; then the way of the call, and what each console says. */
import type { Explanation } from '../../api/types';
import { Badge } from '../../parts/Badge';
import { Fixes } from '../../parts/Fixes';
import { Prose } from '../../parts/Prose';
import { Consoles } from './Consoles';
import { journey, type Step } from './journey';
import { JourneyPicture, WORDS } from './JourneyPicture';

export function Answer({ explanation, onApplied }: { explanation: Explanation; onApplied: () => void }) {
  const steps = journey(explanation);
  return (
    <div className="stack">
      <Verdict explanation={explanation} />
      <Fixes fixes={explanation.fixes} onApplied={onApplied} />
      {steps.length > 0 && (
        <section className="card" aria-labelledby="way">
          <h2 id="way">The way of the call</h2>
          <JourneyPicture steps={steps} />
          {explanation.preflight?.needed && <Why reasons={explanation.preflight.why} />}
          <ol className="steps">
            {steps.map((step, index) => (
              <StepView key={index} step={step} />
            ))}
          </ol>
        </section>
      )}
      <Consoles explanation={explanation} />
    </div>
  );
}

function Verdict({ explanation }: { explanation: Explanation }) {
  const { recognized, verdict, code, cause, meaning, cure, notes } = explanation;
  const isAllowed = verdict === 'allowed';
  // The line that was pasted says that a call was blocked.
  const isDoubtful = isAllowed && recognized && notes.some((note) => note.code !== 'passes_now');
  const title = isDoubtful
    ? 'What is asked about passes, and the line says otherwise'
    : isAllowed
    ? 'Allowed: the page can read the answer'
    : recognized && !explanation.preflight
      ? `Recognised${recognized.browser ? ` as a line of ${NAMES[recognized.browser] ?? recognized.browser}` : ''}`
      : 'Blocked';
  return (
    <section className={`notice verdict ${isDoubtful ? 'notice-warn' : isAllowed ? 'notice-good' : 'notice-error'}`} aria-label="Verdict">
      <div className="row">
        <strong className="verdict-title">{title}</strong>
        {code && <Badge tone={isAllowed ? 'good' : 'bad'}>{code}</Badge>}
      </div>
      {[cause ?? meaning, explanation.fixes.length === 0 && !isAllowed ? cure : null].map(
        (text) =>
          text && (
            <p key={text}>
              <Prose>{text}</Prose>
            </p>
          ),
      )}
      {notes.map((note) => (
        <p key={note.code}>
          <Prose>{note.text}</Prose>
        </p>
      ))}
    </section>
  );
}

export const NAMES: Record<string, string> = { chromium: 'Chrome and Edge', firefox: 'Firefox', safari: 'Safari' };

function Why({ reasons }: { reasons: string[] }) {
  return (
    <p className="hint">
      The browser asks first (a preflight), because {reasons.join('; and ')}.
    </p>
  );
}

function StepView({ step }: { step: Step }) {
  const tone = { passed: 'good', failed: 'bad', never: 'calm' } as const;
  return (
    <li className={`step step-${step.state}`}>
      <div className="row">
        <Badge tone={tone[step.state]}>{WORDS[step.state]}</Badge>
        <span className="step-title">{step.title}</span>
      </div>
      {step.lines.length > 0 && (
        <details open={step.state === 'failed'}>
          <summary>{step.from === 'page' ? 'Address' : 'Headers'}</summary>
          <pre tabIndex={0}>
            <code>{step.lines.join('\n')}</code>
          </pre>
        </details>
      )}
    </li>
  );
}
