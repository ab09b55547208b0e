/** What every list has: the search above it, its states, and the way to its next page. */
import { useEffect, useState, type ReactNode } from 'react';
import { rows, type Listing } from '../api/listing';
import { Button } from './Button';
import { Loading } from './Page';
import { ProblemView, Stale } from './ProblemView';

interface Props<T> {
  list: Listing<T>;
  /** Shown where there is nothing at all. */
  empty: ReactNode;
  /** The table of what there is. */
  children: (rows: T[]) => ReactNode;
  /** Not a table: nothing that scrolls sideways. */
  isBare?: boolean;
}

export function List<T>({ list, empty, children, isBare = false }: Props<T>) {
  if (list.isPending) return <Loading />;
  if (list.error && !list.data) return <ProblemView error={list.error} />;
  const all = rows(list);
  if (all.length === 0) return empty;
  return (
    <div className="stack">
      <Stale error={list.error} />
      {isBare ? (
        children(all)
      ) : (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="List">
          {children(all)}
        </div>
      )}
      {list.hasNextPage && (
        <div>
          <Button isBusy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}

/** A search that waits until nothing was typed for a quarter of a second. */
export function Search({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed !== value) onChange(typed);
    }, 250);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <input
      type="search"
      className="input search"
      aria-label={label}
      placeholder={label}
      maxLength={100}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
