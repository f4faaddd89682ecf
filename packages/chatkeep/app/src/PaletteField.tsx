import { type KeyboardEvent, type ReactNode, useLayoutEffect, useRef } from "react";

import { useAppStrings } from "./useAppStrings.ts";

export interface PaletteFieldProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  /** The id of the list that the field leads; absent while it is not loaded. */
  readonly list?: string | undefined;
  /** The id of the option that Enter chooses. */
  readonly active?: string | undefined;
  readonly onKeyDown?: ((event: KeyboardEvent) => void) | undefined;
}

/** The field of the palette: a combobox, which keeps the focus while its list is gone through. */
export function PaletteField({ text, onText, list, active, onKeyDown }: PaletteFieldProps): ReactNode {
  const { palette } = useAppStrings();
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, []);
  return (
    <input
      ref={field}
      className="ck-field"
      role="combobox"
      autoComplete="off"
      spellCheck={false}
      value={text}
      placeholder={palette.placeholder}
      aria-label={palette.name}
      aria-autocomplete="list"
      aria-expanded={list !== undefined}
      aria-controls={list}
      aria-activedescendant={active}
      onChange={(event) => onText(event.target.value)}
      onKeyDown={onKeyDown}
    />
  );
}
