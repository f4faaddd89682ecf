import { type ReactNode, useId } from "react";

export interface ChoiceProps {
  readonly name: string;
  readonly chosen: string;
  /** What can be chosen, by value: how it is shown. */
  readonly options: Readonly<Record<string, ReactNode>>;
  readonly onChoose: (value: string) => void;
}

/** One of a few, side by side: native radio buttons. */
export function Choice({ name, chosen, options, onChoose }: ChoiceProps): ReactNode {
  const group = useId();
  return (
    <fieldset className="choice">
      <legend>{name}</legend>
      <div>
        {Object.entries(options).map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              className="ck-hidden"
              name={group}
              value={value}
              checked={chosen === value}
              onChange={() => onChoose(value)}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
