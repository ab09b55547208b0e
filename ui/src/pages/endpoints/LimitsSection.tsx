/** Sizes and times of this endpoint; what is left empty has the gateway's default. */
import { valueAt } from '../../api/json';
import { DraftNumber, useDraftForm } from './form';
import { bytesInWords, secondsInWords } from './words';

const LIMITS = [
  {
    pointer: '/limits/max_body_bytes',
    label: 'Largest request body, in bytes',
    default: 32 * 1024 * 1024,
    words: bytesInWords,
    meaning: 'Larger requests are refused with 413.',
  },
  {
    pointer: '/limits/connect_seconds',
    label: 'Wait for a connection, in seconds',
    default: 5,
    words: secondsInWords,
    meaning: 'How long the upstream may take to accept a connection.',
  },
  {
    pointer: '/limits/first_byte_seconds',
    label: 'Wait for the first byte, in seconds',
    default: 600,
    words: secondsInWords,
    meaning: 'How long the upstream may think before its answer begins.',
  },
  {
    pointer: '/limits/idle_seconds',
    label: 'Wait between bytes, in seconds',
    default: 300,
    words: secondsInWords,
    meaning: 'The longest silence within an answer.',
  },
];

export function LimitsSection() {
  const { draft } = useDraftForm();
  return (
    <section className="card" aria-labelledby="limits">
      <h2 id="limits">Limits</h2>
      <div className="form-row">
        {LIMITS.map(({ pointer, label, default: usual, words, meaning }) => {
          const value = valueAt(draft, pointer);
          const inWords = typeof value === 'number' ? words(value) : `Default: ${words(usual)}`;
          return <DraftNumber key={pointer} pointer={pointer} label={label} placeholder={String(usual)} hint={`${inWords}. ${meaning}`} />;
        })}
      </div>
    </section>
  );
}
