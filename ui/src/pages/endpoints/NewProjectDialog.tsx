/** The first thing that a new gateway needs: a project. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem, answer, api } from '../../api/client';
import { Button } from '../../parts/Button';
import { Dialog } from '../../parts/Dialog';
import { Field, TextInput, issuesAt } from '../../parts/Field';
import { ProblemView } from '../../parts/ProblemView';
import { say } from '../../parts/toasts';
import { useChooseProject } from '../../shell/project';

export function NewProjectDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} title="New project" onClose={onClose}>
      <NewProjectForm onClose={onClose} />
    </Dialog>
  );
}

function NewProjectForm({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const choose = useChooseProject();
  const [name, setName] = useState('');
  const [slug, setSlug] = useState<string | null>(null);
  const effective = slug ?? slugOf(name);
  const create = useMutation({
    mutationFn: () =>
      answer(api.POST('/v1/projects', { body: { slug: effective, ...(name.trim() !== '' && { name: name.trim() }) } })),
    onSuccess: async (project) => {
      await client.invalidateQueries({ queryKey: ['projects'] });
      say(`Project ${project.name} created`);
      onClose();
      void choose(project.slug);
    },
  });
  const issues = create.error instanceof ApiProblem ? create.error.issues : [];
  const isPlaced = issues.length > 0 && issues.every(({ pointer }) => ['/name', '/slug'].includes(pointer));
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <p className="hint">
        A project holds endpoints and the keys that may use them. Its keys never reach another project’s endpoints.
      </p>
      <Field label="Name" hint="What people call it." issues={issuesAt(issues, '/name')}>
        <TextInput value={name} autoComplete="off" maxLength={100} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field
        label="Slug"
        hint="Its name in URLs and commands: a-z, 0-9 and -. It never changes."
        issues={issuesAt(issues, '/slug')}
        onSuggestion={(issue) => setSlug(String(issue.suggestion))}
      >
        <TextInput
          value={effective}
          required
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => setSlug(event.target.value)}
        />
      </Field>
      {create.error && !isPlaced && <ProblemView error={create.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isBusy={create.isPending}>
          Create project
        </Button>
      </div>
    </form>
  );
}

/** The slug that a name suggests. */
function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
}
