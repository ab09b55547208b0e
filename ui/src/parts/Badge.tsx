import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'warn' | 'calm';

export function Badge({ tone = 'calm', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}
