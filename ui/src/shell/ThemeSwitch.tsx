/** Light, dark, or what the system says; remembered in this browser. */
import { useState } from 'react';
import { nextTheme, readTheme, setTheme } from './theme';

const WORDS = { system: 'System', light: 'Light', dark: 'Dark' };

export function ThemeSwitch() {
  const [theme, show] = useState(readTheme);
  const change = () => {
    const next = nextTheme(theme);
    setTheme(next);
    show(next);
  };
  return (
    <button type="button" className="button button-quiet theme-switch" onClick={change} aria-label={`Colours: ${WORDS[theme]}. Change`}>
      <span aria-hidden="true">{{ system: '◐', light: '☀', dark: '☾' }[theme]}</span>
    </button>
  );
}
