/** One of several, or one that is on or off, with a sentence that says what it means. */
import { useId, type ReactNode } from 'react';

interface Props {
  type?: 'radio' | 'checkbox';
  /** Radios of one name exclude each other. */
  name?: string;
  label: ReactNode;
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
  isDisabled?: boolean;
  children?: ReactNode;
}

export function Choice({ type = 'radio', name, label, isChosen, onChoose, isDisabled, children }: Props) {
  const id = useId();
  return (
    <div className="choice">
      <input
        id={id}
        type={type}
        name={name}
        checked={isChosen}
        disabled={isDisabled}
        aria-describedby={children ? `${id}-about` : undefined}
        onChange={(event) => onChoose(event.target.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {children && (
          <p className="hint" id={`${id}-about`}>
            {children}
          </p>
        )}
      </div>
    </div>
  );
}
