import { Page } from '../../parts/Page';

export default function ExplainPage() {
  return <Page title="Explain">{null}</Page>;
}
