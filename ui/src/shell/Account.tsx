/** Who is signed in, until when, and the ways out. */
import { Menu } from '@base-ui/react/menu';
import { useRef } from 'react';
import { ago } from '../parts/Time';
import { nameOf, useSession, useSignOut } from '../session/session';

export function Account() {
  const session = useSession();
  const signOut = useSignOut();
  // In the page's header, as all that is on the page is in some landmark.
  const place = useRef<HTMLDivElement>(null);
  return (
    <div ref={place}>
      <Menu.Root>
        <Menu.Trigger className="button button-plain">{nameOf(session)}</Menu.Trigger>
        <Menu.Portal container={place}>
          <Menu.Positioner sideOffset={6} align="end" className="menu-positioner">
            <Menu.Popup className="menu">
              <div className="menu-note">
                Signed in with <code>{session.key_id}</code>
                <br />
                Ends {ago(session.expires_at)}, or after 30 minutes without use
              </div>
              <Menu.Item className="menu-item" onClick={() => signOut.mutate(false)}>
                Sign out
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => signOut.mutate(true)}>
                Sign out everywhere
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </div>
  );
}
