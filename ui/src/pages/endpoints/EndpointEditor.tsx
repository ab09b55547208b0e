import type { Tagged } from '../../api/client';
import type { Endpoint } from '../../api/types';
import { LeaveGuard } from '../../parts/LeaveGuard';
import { useProblemFocus } from '../../parts/useProblemFocus';
import { useMay } from '../../session/session';
import { ChangeCard } from './ChangeCard';
import { Conflict } from './Conflict';
import { DangerZone } from './DangerZone';
import { DraftFormProvider, OtherIssues } from './form';
import { LimitsSection } from './LimitsSection';
import { ModelsEditor } from './ModelsEditor';
import { PolicySection } from './PolicySection';
import { EDITOR_FORM } from './SaveBar';
import { SaveQuestion } from './SaveQuestion';
import { UpstreamSection } from './UpstreamSection';
import { UseIt } from './UseIt';
import { useEditor } from './useEditor';
import { useFocusKept } from './useFocusKept';

const FIELDS = ['/cors', '/upstream', '/models', '/limits'];

export function EndpointEditor({ stored }: { stored: Tagged<Endpoint> }) {
  const mayWrite = useMay('endpoints:write');
  const editor = useEditor(stored);
  const { basis, draft, patch, checked } = editor;
  const focus = useProblemFocus(checked.issues);
  useFocusKept([patch !== undefined, editor.isConflict]);
  const warnings = patch ? checked.warnings : basis.endpoint.warnings;
  return (
    <DraftFormProvider value={{ draft, set: editor.set, issues: checked.issues, warnings }}>
      {!mayWrite && (
        <div className="notice">
          <p>
            Your key may look at endpoints. Changing them takes one with the scope <code>endpoints:write</code>.
          </p>
        </div>
      )}
      <div className="endpoint">
        <form
          id={EDITOR_FORM}
          ref={focus.form}
          className="form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            focus.want(true);
            if (patch) editor.save();
          }}
        >
          {editor.isConflict && <Conflict editor={editor} />}
          <fieldset className="form" disabled={!mayWrite}>
            <PolicySection />
            <UpstreamSection hasCredential={basis.endpoint.upstream.has_credential} />
            <section className="card" aria-labelledby="models">
              <h2 id="models">Models</h2>
              <ModelsEditor />
            </section>
            <LimitsSection />
            <OtherIssues fields={FIELDS} />
          </fieldset>
        </form>
        <aside className="endpoint-side" aria-label="About this endpoint">
          {patch && <ChangeCard editor={editor} />}
          <UseIt endpoint={basis.endpoint} />
        </aside>
      </div>
      {mayWrite && <DangerZone basis={basis} />}
      <SaveQuestion editor={editor} />
      <LeaveGuard isOn={patch !== undefined} what="What you changed here is not saved, and is lost." />
    </DraftFormProvider>
  );
}
