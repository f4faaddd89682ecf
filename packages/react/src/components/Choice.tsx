import { type ReactNode, useId } from "react";

export interface ChoiceProps<Value extends string> {
  readonly name: string;
  /** Whether its name is shown above it; default `hidden`, for screen readers only. */
  readonly title?: "shown" | "hidden" | undefined;
  readonly chosen: Value;
  /** What can be chosen, by value: how it is shown. */
  readonly options: Readonly<Record<Value, ReactNode>>;
  readonly onChoose: (value: Value) => void;
}

/** One of a few, side by side: native radio buttons. */
export function Choice<Value extends string>(props: ChoiceProps<Value>): ReactNode {
  const { name, title = "hidden", chosen, options, onChoose } = props;
  const group = useId();
  return (
    <fieldset className="ck-choice">
      <legend className={title === "hidden" ? "ck-hidden" : undefined}>{name}</legend>
      <div>
        {(Object.keys(options) as Value[]).map((value) => (
          <label key={value}>
            <input
              type="radio"
              className="ck-hidden"
              name={group}
              value={value}
              checked={chosen === value}
              onChange={() => onChoose(value)}
            />
            {options[value]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
