/** What every page stands in: the way around, the project that is looked at, and who is signed in. */
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouteContext, useRouterState } from '@tanstack/react-router';
import { Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { Loading, Page } from '../parts/Page';
import { Toasts } from '../parts/toasts';
import { LinkQuestion } from '../session/LinkQuestion';
import { NeedsRoot, NeedsScope } from '../session/NeedsScope';
import { SignIn } from '../session/SignIn';
import { SessionContext, sessionQuery, useSession } from '../session/session';
import { Account } from './Account';
import { isOpenTo, PLACES, usePlace } from './places';
import { ProjectSwitcher } from './ProjectSwitcher';
import { ThemeSwitch } from './ThemeSwitch';
import icon from '../icon.svg';

export function Shell() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  // Behind the way in, what was typed waits for the same key to come back.
  const [last, setLast] = useState(session);
  if (session !== null && session !== last) setLast(session);
  const shown = session ?? last;
  const context = useRouteContext({ from: '__root__' });
  const [code, setCode] = useState(context.code);
  const forgetCode = useCallback(() => setCode(null), []);
  return (
    <>
      {session === null && <SignIn hasEnded={last !== null} code={code} onCodeUsed={forgetCode} />}
      {session !== null && code !== null && <LinkQuestion code={code} session={session} onDone={forgetCode} />}
      {shown && (
        <SessionContext key={shown.key_id} value={shown}>
          <div hidden={session === null}>
            <Frame />
          </div>
        </SessionContext>
      )}
    </>
  );
}

function Frame() {
  const session = useSession();
  const place = usePlace();
  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src={icon} alt="" width="24" height="24" /> Drawbridge
        </Link>
        <ProjectSwitcher />
        <div className="top-end">
          <ThemeSwitch />
          <Account />
        </div>
      </header>
      <Places />
      <main id="content" tabIndex={-1}>
        {place === null || isOpenTo(session, place) ? (
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        ) : (
          <Page title={place.label}>
            {place.needs === 'root' ? <NeedsRoot what={place.what} /> : <NeedsScope scope={place.needs} what={place.what} />}
          </Page>
        )}
      </main>
      <Toasts />
    </div>
  );
}

function Places() {
  const session = useSession();
  const list = useRef<HTMLUListElement>(null);
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  useEffect(() => {
    // In a narrow window the list scrolls sideways.
    const current = list.current?.querySelector<HTMLElement>('[aria-current="page"]');
    if (current) list.current?.scrollTo({ left: current.offsetLeft - (list.current.clientWidth - current.offsetWidth) / 2 });
  }, [path]);
  return (
    <nav className="places" aria-label="Dashboard">
      <ul ref={list}>
        {PLACES.filter((place) => isOpenTo(session, place)).map(({ to, label }) => (
          <li key={to}>
            <Link to={to} activeOptions={{ exact: to === '/', includeSearch: false }}>
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
