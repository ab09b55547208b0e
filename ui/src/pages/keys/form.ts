/** The state of a form for a key, whether it is new or stored. */
import { withValueAt } from '../../api/json';
import { onLines } from '../../api/lines';
import type { Issue } from '../../api/types';
import type { KeyDraft } from './document';

/** What the fields of a key are given. */
export interface KeyForm {
  draft: KeyDraft;
  set: (change: Partial<KeyDraft>) => void;
  /** What the server would refuse, at the lines of the draft. */
  issues: Issue[];
  /** What it would take, and finds odd. */
  warnings: Issue[];
  /** Puts the suggestion of an issue in its place. */
  fix: (issue: Issue) => void;
}

export function keyForm(
  draft: KeyDraft,
  setDraft: (draft: KeyDraft) => void,
  said: { issues: Issue[]; warnings: Issue[] },
): KeyForm {
  return {
    draft,
    set: (change) => setDraft({ ...draft, ...change }),
    issues: onLines(said.issues, draft),
    warnings: onLines(said.warnings, draft),
    fix: (issue) => setDraft(withValueAt(draft, issue.pointer, issue.suggestion)),
  };
}
