import { useState } from 'react';
import { Button } from '../../parts/Button';
import { EndpointPicker, useChosen } from '../../parts/EndpointPicker';
import { Field, TextArea } from '../../parts/Field';
import type { FormProps } from './QuestionForm';

export function ConsoleForm({ initial, isBusy, onAsk }: FormProps) {
  const begin = useChosen(initial.endpoint);
  const [edited, setChosen] = useState<typeof begin | null>(null);
  const chosen = edited ?? begin;
  const [line, setLine] = useState(initial.console ?? '');
  const isJudged = chosen.endpoint !== '';
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk({ console: line, ...(isJudged && { endpoint: chosen.endpoint, ...(chosen.project && { project: chosen.project }) }) });
      }}
    >
      <Field
        label="What the console says"
        hint="The whole line, from Chrome, Edge, Firefox or Safari; other lines around it do no harm. Words such as “Request header not allowed” do too."
      >
        <TextArea
          required
          rows={4}
          spellCheck={false}
          value={line}
          placeholder="Access to fetch at 'https://…' from origin 'https://…' has been blocked by CORS policy: …"
          onChange={(event) => setLine(event.target.value)}
        />
      </Field>
      <details open={isJudged}>
        <summary>Judge it at an endpoint of this gateway</summary>
        <OptionalPicker value={chosen} onChange={setChosen} />
      </details>
      <div className="form-actions">
        <Button type="submit" variant="primary" isBusy={isBusy}>
          Explain
        </Button>
      </div>
    </form>
  );
}

function OptionalPicker(props: React.ComponentProps<typeof EndpointPicker>) {
  return (
    <div className="stack">
      <p className="hint">Without one, the line alone is explained. With one, the change that cures it is offered.</p>
      <EndpointPicker {...props} isOptional />
    </div>
  );
}
