import { type Readable, type TextStorage, createSnapshot } from "@chatkeep/react";

/** Which colours the page has: those of the system, or one of the two. */
type ThemeName = "system" | "light" | "dark";

/** The chosen colours; kept over reloads. */
export interface Theme extends Readable<ThemeName> {
  choose(name: ThemeName): void;
}

const KEY = "chatkeep-theme";

/** Sets the colours that were chosen before, as `data-theme` of the document. */
export function createTheme(storage: TextStorage): Theme {
  const kept = storage.get(KEY);
  let name: ThemeName = kept === "light" || kept === "dark" ? kept : "system";
  const snapshot = createSnapshot<ThemeName>({ build: () => name, schedule: (run) => run() });
  const apply = (): void => {
    document.documentElement.dataset["theme"] = name;
    snapshot.changed();
  };
  apply();
  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    choose(chosen) {
      name = chosen;
      if (chosen === "system") storage.remove(KEY);
      else storage.set(KEY, chosen);
      apply();
    },
  };
}
