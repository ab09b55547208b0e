import { Page } from '../../parts/Page';

export default function AuditPage() {
  return <Page title="Audit">{null}</Page>;
}
