/** Why was my browser blocked? The question, or the line of the console; the answer below. */
import { Tabs } from '@base-ui/react/tabs';
import { useMutation } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import type { Question } from '../../api/types';
import { Page } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { Answer } from './Answer';
import { ConsoleForm } from './ConsoleForm';
import { QuestionForm } from './QuestionForm';

export default function ExplainPage() {
  const search = useSearch({ from: '/explain' });
  const [tab, setTab] = useState(search.console ? 'console' : 'call');
  const explain = useMutation({
    mutationFn: (question: Question) => answer(api.POST('/v1/cors/explain', { body: question })),
  });
  const { mutate: ask, variables: question, data: explanation } = explain;
  return (
    <Page
      title="Explain"
      lead="Why was my browser blocked? Describe the page's call, or paste what the browser's console printed. Nothing is sent to the endpoint."
    >
      <Tabs.Root
        value={tab}
        onValueChange={(value) => {
          setTab(String(value));
          explain.reset();
        }}
        className="card"
      >
        <Tabs.List className="tabs" aria-label="How to ask">
          <Tabs.Tab value="call" className="tab">
            Describe the call
          </Tabs.Tab>
          <Tabs.Tab value="console" className="tab">
            Paste a console line
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="call">
          <QuestionForm initial={search} error={explain.error} isBusy={explain.isPending} onAsk={ask} />
        </Tabs.Panel>
        <Tabs.Panel value="console">
          <ConsoleForm initial={search} error={explain.error} isBusy={explain.isPending} onAsk={ask} />
        </Tabs.Panel>
      </Tabs.Root>
      {explain.error && <ProblemView error={explain.error} />}
      <div aria-live="polite">
        {explanation && question !== undefined && <Answer explanation={explanation} onApplied={() => ask(question)} />}
      </div>
    </Page>
  );
}
