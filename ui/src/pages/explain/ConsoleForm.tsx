import { useState } from 'react';
import { Button } from '../../parts/Button';
import { EndpointPicker, useChosen } from '../../parts/EndpointPicker';
import { ApiProblem } from '../../api/client';
import { Field, issuesAt, TextArea, TextInput } from '../../parts/Field';
import { USUAL_HEADERS, type FormProps } from './QuestionForm';

export function ConsoleForm({ initial, error, isBusy, onAsk }: FormProps) {
  const issues = error instanceof ApiProblem ? error.issues : [];
  const begin = useChosen(initial.endpoint);
  const [edited, setChosen] = useState<typeof begin | null>(null);
  const chosen = edited ?? begin;
  const [line, setLine] = useState(initial.console ?? '');
  const [origin, setOrigin] = useState(initial.origin ?? '');
  const isJudged = chosen.endpoint !== '';
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        const place = { endpoint: chosen.endpoint, headers: USUAL_HEADERS, ...(chosen.project && { project: chosen.project }) };
        onAsk({ console: line, ...(isJudged && { ...place, ...(origin.trim() && { origin: origin.trim() }) }) });
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
        <div className="stack">
          <p className="hint">Without one, the line alone is explained. With one, the change that cures it is offered.</p>
          <EndpointPicker value={chosen} onChange={setChosen} isOptional />
          <Field
            label="The page's origin"
            hint="Firefox does not say it; the other browsers' lines do."
            issues={issuesAt(issues, '/origin')}
            onSuggestion={(issue) => setOrigin(String(issue.suggestion))}
          >
            <TextInput value={origin} placeholder="https://app.example.com" spellCheck={false} onChange={(event) => setOrigin(event.target.value)} />
          </Field>
        </div>
      </details>
      <div className="form-actions">
        <Button type="submit" variant="primary" isBusy={isBusy}>
          Explain
        </Button>
      </div>
    </form>
  );
}
