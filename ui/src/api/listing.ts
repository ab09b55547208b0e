/** Lists of the API, page by page: the server searches and pages, the browser holds what was looked at. */
import { infiniteQueryOptions, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query';

export interface ListPage<T> {
  data: T[];
  has_more: boolean;
  next_cursor: string | null;
}

const PAGE_SIZE = 50;

/** `fetchPage` gets the query's `limit` and, but for the first page, `after`. */
export function listing<T>(
  queryKey: readonly unknown[],
  fetchPage: (page: { limit: number; after?: string }) => Promise<ListPage<T>>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => fetchPage({ limit: PAGE_SIZE, ...(pageParam !== '' && { after: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: (page: ListPage<T>) => page.next_cursor ?? undefined,
    placeholderData: (before) => before,
  });
}

/** A list from its beginning, page after page up to a bound; `isPartial` where there is more. */
export async function walk<T>(mostPages: number, fetchPage: (page: { after?: string }) => Promise<ListPage<T>>) {
  const rows: T[] = [];
  let after: string | null | undefined;
  for (let page = 0; page < mostPages && after !== null; page++) {
    const listed = await fetchPage(after ? { after } : {});
    rows.push(...listed.data);
    after = listed.next_cursor;
  }
  return { rows, isPartial: after !== null };
}

export type Listing<T> = UseInfiniteQueryResult<InfiniteData<ListPage<T>>>;

export function rows<T>(list: Listing<T>): T[] {
  return list.data?.pages.flatMap((page) => page.data) ?? [];
}
