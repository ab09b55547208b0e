import { Page } from '../../parts/Page';

export default function NodesPage() {
  return <Page title="Nodes">{null}</Page>;
}
