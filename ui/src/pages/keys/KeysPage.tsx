import { Page } from '../../parts/Page';

export default function KeysPage() {
  return <Page title="Keys">{null}</Page>;
}
