/** Fields of answers that `/openapi.json` does not list yet. */
import type { Endpoint } from '../../api/types';

/** An origin of the last day's calls. */
export interface SeenOrigin {
  /** Null where what was sent is no origin. */
  origin: string | null;
  count: number;
  last_seen_at: string;
}

/** What a change means for the pages that called since. */
export interface Impact {
  newly_admitted: SeenOrigin[];
  newly_refused: SeenOrigin[];
  since: string;
}

export type EndpointPreview = Endpoint & { impact?: Impact };
