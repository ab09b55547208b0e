import { Page } from '../../parts/Page';

export default function KeyPage() {
  return <Page title="Key">{null}</Page>;
}
