import type { ButtonHTMLAttributes } from 'react';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: 'primary' | 'plain' | 'danger' | 'quiet';
  size?: 'normal' | 'small';
  /** Shows that what it started is under way, and takes no second click. */
  isBusy?: boolean;
}

export function Button({ variant = 'plain', size = 'normal', isBusy = false, type = 'button', ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={`button button-${variant} button-${size} ${rest.className ?? ''}`}
      aria-busy={isBusy || undefined}
      disabled={rest.disabled || isBusy}
    />
  );
}
