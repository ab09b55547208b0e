import { Page } from '../../parts/Page';

export default function NewKeyPage() {
  return <Page title="NewKey">{null}</Page>;
}
