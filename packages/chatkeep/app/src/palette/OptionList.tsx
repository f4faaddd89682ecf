// The roles of a combobox's list: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
/* oxlint-disable jsx-a11y/prefer-tag-over-role */
import { inPlace } from "@chatkeep/react";
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";

import type { Option, OptionGroup } from "./option.ts";

export interface OptionListProps {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly OptionGroup[];
  readonly active: string | undefined;
  readonly busy: boolean;
  readonly onActive: (id: string) => void;
  readonly onChoose: (option: Option) => void;
}

/** The options of the palette. The focus stays in its field: one option is active. */
export function OptionList({ groups, ...props }: OptionListProps): ReactNode {
  const { id, name, busy } = props;
  return (
    <div id={id} role="listbox" aria-label={name} aria-busy={busy} className="options">
      {groups.map((group) => (
        <Group {...props} key={group.name} group={group} />
      ))}
    </div>
  );
}

interface GroupProps extends Omit<OptionListProps, "groups" | "name"> {
  readonly group: OptionGroup;
}

function Group({ group, ...props }: GroupProps): ReactNode {
  const heading = useId();
  return (
    <div role="group" aria-labelledby={heading}>
      <div id={heading} className="options-name" role="presentation">
        {group.name}
      </div>
      {group.options.map((option) => (
        <OptionRow {...props} key={option.id} option={option} />
      ))}
    </div>
  );
}

interface OptionRowProps extends Pick<OptionListProps, "id" | "active" | "onActive" | "onChoose"> {
  readonly option: Option;
}

function OptionRow({ id, option, active, onActive, onChoose }: OptionRowProps): ReactNode {
  const row = useRef<HTMLAnchorElement>(null);
  const isActive = option.id === active;
  useLayoutEffect(() => {
    if (isActive) row.current?.scrollIntoView({ block: "nearest" });
  }, [isActive]);
  return (
    <a
      ref={row}
      id={optionId(id, option.id)}
      className="option"
      role="option"
      aria-selected={isActive}
      tabIndex={-1}
      href={option.href}
      onPointerMove={() => onActive(option.id)}
      // A press must not take the focus out of the field.
      onPointerDown={(event) => event.preventDefault()}
      onClick={inPlace(() => onChoose(option))}
    >
      {option.icon}
      <span className="option-words">
        {option.place !== undefined && <span className="ck-hit-place">{option.place}</span>}
        <span className="ck-snippet">{option.words}</span>
      </span>
      {option.keys !== undefined && (
        <span className="option-keys" dir="ltr" aria-hidden="true">
          {option.keys.map((key) => (
            <kbd key={key}>{key}</kbd>
          ))}
        </span>
      )}
    </a>
  );
}

/** The id of an option's element in the list of this id. */
export function optionId(list: string, option: string): string {
  return `${list}-${option}`;
}
