import { Page } from '../../parts/Page';

export default function EndpointPage() {
  return <Page title="Endpoint">{null}</Page>;
}
