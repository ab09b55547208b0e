import { Page } from '../../parts/Page';

export default function EndpointsPage() {
  return <Page title="Endpoints">{null}</Page>;
}
