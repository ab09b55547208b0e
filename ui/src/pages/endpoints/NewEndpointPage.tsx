/** A new endpoint: what must be said, and the origins; everything else has its default and can be changed afterwards. */
import { Page } from '../../parts/Page';
import { Empty } from '../../parts/Page';
import { useMay } from '../../session/session';
import { useProject } from '../../shell/project';
import { NewEndpointForm } from './NewEndpointForm';

export default function NewEndpointPage() {
  const mayWrite = useMay('endpoints:write');
  const project = useProject();
  return (
    <Page title="New endpoint" lead="Everything but its name can be changed later.">
      {mayWrite ? (
        <NewEndpointForm chosen={project} />
      ) : (
        <Empty title="Your key may not make endpoints">
          <p>Sign in with one that has the scope endpoints:write.</p>
        </Empty>
      )}
    </Page>
  );
}
