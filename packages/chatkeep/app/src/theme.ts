import { type Readable, type TextStorage, createValue } from "@chatkeep/react";

/** Which colours the page has: those of the system, or one of the two. */
export type ThemeName = "system" | "light" | "dark";

/** The chosen colours; kept over reloads. */
export interface Theme extends Readable<ThemeName> {
  choose(name: ThemeName): void;
}

const KEY = "chatkeep-theme";

/** Sets the colours that were chosen before, as `data-theme` of the document. */
export function createTheme(storage: TextStorage): Theme {
  const kept = storage.get(KEY);
  const { getSnapshot, subscribe, set } = createValue<ThemeName>(
    kept === "light" || kept === "dark" ? kept : "system",
  );
  const apply = (name: ThemeName): void => {
    document.documentElement.dataset["theme"] = name;
    set(name);
  };
  apply(getSnapshot());
  return {
    getSnapshot,
    subscribe,
    choose(name) {
      if (name === "system") storage.remove(KEY);
      else storage.set(KEY, name);
      apply(name);
    },
  };
}
