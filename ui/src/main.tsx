import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProblem, SIGNED_OUT } from './api/client';
import { makeRouter } from './router';
import { takeCode } from './session/link';
import { sessionQuery } from './session/session';
import { applyTheme, readTheme } from './shell/theme';
import './styles/index.css';

const code = takeCode();
applyTheme(readTheme());

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What was refused once is refused again; only silence is worth another try.
      retry: (count, error) => count < 2 && !(error instanceof ApiProblem && error.status !== 0 && error.status < 500),
    },
  },
});
const router = makeRouter({ code });

// A session that ended shows the way in again.
addEventListener(SIGNED_OUT, () => queryClient.setQueryData(sessionQuery.queryKey, null));

// A page that the browser kept aside shows what it showed, also to somebody who is signed out by now.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  document.body.hidden = true;
  location.reload();
});

const place = document.getElementById('root');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queryClient}>
          <Suspense>
            <RouterProvider router={router} />
          </Suspense>
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  );
}
