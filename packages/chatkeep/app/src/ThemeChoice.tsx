import { Icon, type IconProps, useSnapshot } from "@chatkeep/react";
import { type ReactNode, useId } from "react";

import type { Theme, ThemeName } from "./theme.ts";

const CHOICES: readonly { name: ThemeName; label: string; icon: IconProps["name"] }[] = [
  { name: "system", label: "Colours of the system", icon: "screen" },
  { name: "light", label: "Light", icon: "sun" },
  { name: "dark", label: "Dark", icon: "moon" },
];

/** Chooses the colours of the page. */
export function ThemeChoice({ theme }: { readonly theme: Theme }): ReactNode {
  const chosen = useSnapshot(theme);
  const group = useId();
  return (
    <fieldset className="theme-choice">
      <legend className="ck-hidden">Colours</legend>
      {CHOICES.map(({ name, label, icon }) => (
        <label key={name} title={label}>
          <input
            type="radio"
            className="ck-hidden"
            name={group}
            value={name}
            checked={chosen === name}
            onChange={() => theme.choose(name)}
          />
          <Icon name={icon} />
          <span className="ck-hidden">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
