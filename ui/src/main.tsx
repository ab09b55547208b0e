import { CSPProvider } from '@base-ui/react/csp-provider';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProblem, isSignedOut } from './api/client';
import { makeRouter } from './router';
import { sessionQuery } from './session/session';
import { applyTheme, readTheme } from './shell/theme';
import './styles/index.css';

applyTheme(readTheme());

// A session that ended shows the way in again; what was typed elsewhere is gone with it, as the key that allowed it is.
const onError = (error: unknown) => {
  if (isSignedOut(error)) queryClient.setQueryData(sessionQuery.queryKey, null);
};

const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What was refused once is refused again; only silence is worth another try.
      retry: (count, error) => count < 2 && !(error instanceof ApiProblem && error.status !== 0 && error.status < 500),
    },
  },
});
const router = makeRouter(queryClient);

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
