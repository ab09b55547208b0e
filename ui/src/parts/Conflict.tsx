/** Somebody else changed what is being edited: what they changed, and the two ways on. */
import { useEffect, useRef } from 'react';
import { mergePatch } from '../api/json';
import { Button } from './Button';
import { Changes } from './Change';

interface Props {
  /** What was stored when editing began. */
  mine: object;
  /** What is stored now. */
  theirs: object;
  onLoad: () => void;
  onApply: () => void;
}

export function Conflict({ mine, theirs, onLoad, onApply }: Props) {
  const before = mine as Record<string, unknown>;
  const after = theirs as Record<string, unknown>;
  const changes = Object.keys(mergePatch(mine, theirs) ?? {}).map((name) => [name, { from: before[name], to: after[name] }]);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void place.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div className="notice notice-warn" role="alert" ref={place}>
      <strong>Somebody else changed it while you were editing</strong>
      {changes.length > 0 ? (
        <>
          <p>Nothing of yours is saved yet. They changed:</p>
          <Changes changes={Object.fromEntries(changes)} />
        </>
      ) : (
        <p>Nothing of yours is saved yet. What they changed is none of the fields on this page, such as its token.</p>
      )}
      <div className="row">
        <Button onClick={onApply}>Apply mine on top</Button>
        <Button onClick={onLoad}>Load theirs, drop mine</Button>
      </div>
      <p className="hint">On top: fields that both changed get your value. You still see the result before you save it.</p>
    </div>
  );
}
