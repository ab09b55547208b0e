import { Page } from '../../parts/Page';

export default function NewEndpointPage() {
  return <Page title="NewEndpoint">{null}</Page>;
}
