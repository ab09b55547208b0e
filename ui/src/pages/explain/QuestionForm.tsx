import { useState } from 'react';
import { ApiProblem } from '../../api/client';
import type { Question } from '../../api/types';
import { Button } from '../../parts/Button';
import { EndpointPicker, useChosen } from '../../parts/EndpointPicker';
import { Field, issuesAt, NativeSelect, TextInput } from '../../parts/Field';
import { ListEditor } from '../../parts/ListEditor';

export interface FormProps {
  initial: { endpoint?: string; origin?: string; method?: string; console?: string };
  error: Error | null;
  isBusy: boolean;
  onAsk: (question: Question) => void;
}

const METHODS = ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'];
/** What the OpenAI SDK and most scripts send. */
export const USUAL_HEADERS = ['Content-Type: application/json', 'Authorization'];

export function QuestionForm({ initial, error, isBusy, onAsk }: FormProps) {
  const begin = useChosen(initial.endpoint);
  const [edited, setChosen] = useState<typeof begin | null>(null);
  const chosen = edited ?? begin;
  const [origin, setOrigin] = useState(initial.origin ?? '');
  const [method, setMethod] = useState(initial.method ?? 'POST');
  const [headers, setHeaders] = useState(USUAL_HEADERS);
  const [keyId, setKeyId] = useState('');
  const [credentials, setCredentials] = useState(false);
  const issues = error instanceof ApiProblem ? error.issues : [];
  const submit = () =>
    onAsk({
      ...(chosen.project && { project: chosen.project }),
      endpoint: chosen.endpoint,
      origin: origin.trim(),
      method,
      headers: headers.map((header) => header.trim()).filter((header) => header !== ''),
      credentials,
      ...(keyId.trim() && { key_id: keyId.trim() }),
    });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <EndpointPicker value={chosen} onChange={setChosen} issues={{ project: issuesAt(issues, '/project'), endpoint: issuesAt(issues, '/endpoint') }} />
      <div className="form-row">
        <Field
          label="The page's origin"
          hint="What the address bar shows up to the first single slash; in the page, location.origin."
          issues={issuesAt(issues, '/origin')}
          onSuggestion={(issue) => setOrigin(String(issue.suggestion))}
        >
          <TextInput
            required
            value={origin}
            placeholder="https://app.example.com"
            spellCheck={false}
            autoCapitalize="off"
            onChange={(event) => setOrigin(event.target.value)}
          />
        </Field>
        <Field label="Method" issues={issuesAt(issues, '/method')}>
          <NativeSelect value={method} onChange={(event) => setMethod(event.target.value)}>
            {[...new Set([...METHODS, method])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </NativeSelect>
        </Field>
      </div>
      <ListEditor
        label="Headers that the page sets"
        hint="A name, or a name and its value. Leave out what browsers add themselves."
        items={headers}
        onChange={setHeaders}
        placeholder="X-Request-Id"
        pointer="/headers"
        issues={issues}
        addLabel="Add a header"
      />
      <div className="form-row">
        <Field label="Key (optional)" hint="The id of the key that the page sends, such as ak_live_…; judged too." issues={issuesAt(issues, '/key_id')}>
          <TextInput value={keyId} spellCheck={false} placeholder="ak_live_…" onChange={(event) => setKeyId(event.target.value)} />
        </Field>
        <label className="choice choice-alone">
          <input type="checkbox" checked={credentials} onChange={(event) => setCredentials(event.target.checked)} />
          <span>
            With credentials <span className="hint">(credentials: "include", withCredentials)</span>
          </span>
        </label>
      </div>
      <div className="form-actions">
        <Button type="submit" variant="primary" isBusy={isBusy}>
          Explain
        </Button>
      </div>
    </form>
  );
}
