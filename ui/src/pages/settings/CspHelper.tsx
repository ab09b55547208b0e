/** What a page's own Content-Security-Policy must allow for it to call this gateway, and whether a given one does. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem } from '../../api/client';
import type { Csp } from '../../api/types';
import { Code } from '../../parts/Copy';
import { Field, issuesAt, TextArea, TextInput } from '../../parts/Field';
import { Loading } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { Prose } from '../../parts/Prose';
import { useProject } from '../../shell/project';
import { cspQuery } from './data';
import { useQuiet } from '../../parts/useQuiet';

export function CspHelper() {
  const project = useProject();
  const [typed, setTyped] = useState({ policy: '', page_origin: '' });
  const { policy, page_origin } = useQuiet(typed);
  const csp = useQuery(cspQuery({ project, policy: null }));
  const check = useQuery({
    ...cspQuery({ project, policy, ...(page_origin.trim() && { page_origin: page_origin.trim() }) }),
    enabled: policy.trim() !== '',
  });
  const issues = check.error instanceof ApiProblem ? check.error.issues : [];
  return (
    <section className="card" aria-labelledby="csp">
      <h2 id="csp">Content-Security-Policy of your pages</h2>
      <p>
        A page that has a Content-Security-Policy of its own may connect only to what that lists. A page without one needs nothing.
        {project === null && ' Choose a project above for a policy that names only its endpoints.'}
      </p>
      {csp.isPending && <Loading rows={1} />}
      {csp.error && <ProblemView error={csp.error} />}
      {csp.data && (
        <>
          <h3>What it has to contain</h3>
          <Code label="Directive">{csp.data.policy}</Code>
          <p className="hint">
            Where the page has a connect-src, add <code>{csp.data.source}</code> to it. Where it has only a default-src, add this
            directive with the other origins that the page calls.
          </p>
        </>
      )}
      <h3>Check a policy</h3>
      <Field
        label="The page's policy"
        hint="The value of its Content-Security-Policy header, with or without the name."
        issues={issuesAt(issues, '/policy')}
      >
        <TextArea
          spellCheck={false}
          placeholder="default-src 'self'; img-src *"
          value={typed.policy}
          onChange={(event) => setTyped({ ...typed, policy: event.target.value })}
        />
      </Field>
      <Field
        label="Where the page comes from"
        hint="Its origin, which 'self' stands for. Empty: another origin than the gateway's."
        issues={issuesAt(issues, '/page_origin')}
      >
        <TextInput
          placeholder="https://app.example.com"
          spellCheck={false}
          value={typed.page_origin}
          onChange={(event) => setTyped({ ...typed, page_origin: event.target.value })}
        />
      </Field>
      <div aria-live="polite">{policy.trim() !== '' && check.data?.check && <Verdict csp={check.data} check={check.data.check} />}</div>
      {check.error && issues.length === 0 && <ProblemView error={check.error} />}
    </section>
  );
}

function Verdict({ csp, check }: { csp: Csp; check: NonNullable<Csp['check']> }) {
  const isAllowed = check.verdict === 'allowed';
  return (
    <div className={`notice ${isAllowed ? 'notice-good' : 'notice-error'}`}>
      <strong>{isAllowed ? 'The policy lets the page call the gateway' : 'The policy blocks the call'}</strong>
      {check.blocks.map((block) => (
        <div key={`${block.policy} ${block.directive}`} className="stack">
          <p>
            <code>{block.text}</code>{' '}
            {block.directive === 'upgrade-insecure-requests' ? (
              <>
                has browsers call the gateway by https instead of http, so <code>{csp.source}</code> is never called: serve it over TLS.
              </>
            ) : (
              <>
                does not allow <code>{csp.source}</code>.
              </>
            )}
            {block.near.map((near) => (
              <span key={near.source}>
                {' '}
                <code>{near.source}</code> has {near.has}.
              </span>
            ))}
          </p>
          {block.cure !== null && (
            <>
              <p>{block.directive === 'default-src' ? 'Add the directive:' : 'Write instead:'}</p>
              <Code label="Cure">{block.cure}</Code>
            </>
          )}
        </div>
      ))}
      {check.cured !== null && (
        <>
          <p>The whole header then:</p>
          <Code label="Whole header">{check.cured}</Code>
        </>
      )}
      {check.warnings.length > 0 && (
        <ul className="bullets">
          {check.warnings.map((warning) => (
            <li key={warning}>
              <Prose>{warning}</Prose>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
