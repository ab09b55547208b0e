/** The same call in each browser's own words. */
import { Tabs } from '@base-ui/react/tabs';
import type { Explanation } from '../../api/types';
import { Code } from '../../parts/Copy';
import { NAMES } from './Answer';

const BROWSERS = ['chromium', 'firefox', 'safari'] as const;

export function Consoles({ explanation }: { explanation: Explanation }) {
  const said = BROWSERS.filter((browser) => explanation.console[browser]);
  if (said.length === 0) return null;
  return (
    <section className="card" aria-labelledby="consoles">
      <h2 id="consoles">What the consoles say</h2>
      <Tabs.Root defaultValue={explanation.recognized?.browser ?? said[0]}>
        <Tabs.List className="tabs" aria-label="Browser">
          {said.map((browser) => (
            <Tabs.Tab key={browser} value={browser} className="tab">
              {NAMES[browser]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {said.map((browser) => (
          <Tabs.Panel key={browser} value={browser} className="stack tab-panel">
            {(explanation.console_lines?.[browser] ?? []).map((line) => (
              <Code key={line.text} label={`Line of ${NAMES[browser]}`}>
                {line.text}
              </Code>
            ))}
            {!explanation.console_lines && <Code label={`Line of ${NAMES[browser]}`}>{explanation.console[browser] ?? ''}</Code>}
            {explanation.console_lines?.[browser].some((line) => !line.is_verified) && (
              <p className="hint">
                {browser === 'safari'
                  ? "Measured in WebKitGTK; Safari's own wording may differ a little."
                  : "From the browser's source, not measured: its wording may differ a little."}
              </p>
            )}
          </Tabs.Panel>
        ))}
      </Tabs.Root>
    </section>
  );
}
