/** What a secret key may do. */
import { Choice } from '../../parts/Choice';
import { Issues, issuesAt } from '../../parts/Field';
import type { Scope } from './document';
import type { KeyForm } from './form';
import { SCOPES } from './words';

const ALL = Object.keys(SCOPES) as Scope[];

export function Scopes({ form }: { form: KeyForm }) {
  const { scopes } = form.draft;
  const choose = (scope: Scope) => (isChosen: boolean) =>
    form.set({ scopes: ALL.filter((other) => (other === scope ? isChosen : scopes.includes(other))) });
  return (
    <fieldset className="choices">
      <legend>Scopes</legend>
      {ALL.map((scope) => (
        <Choice key={scope} type="checkbox" label={<code>{scope}</code>} isChosen={scopes.includes(scope)} onChoose={choose(scope)}>
          {SCOPES[scope]}
        </Choice>
      ))}
      <Issues issues={issuesAt(form.issues, '/scopes')} onSuggestion={form.fix} />
      <Issues issues={issuesAt(form.warnings, '/scopes')} onSuggestion={form.fix} tone="warning" />
    </fieldset>
  );
}
