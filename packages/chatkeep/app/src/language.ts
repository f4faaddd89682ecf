import { type Readable, type TextStorage, createValue } from "@chatkeep/react";

import { APP_ARABIC } from "./strings/ar.ts";
import { APP_GERMAN } from "./strings/de.ts";
import { APP_ENGLISH } from "./strings/en.ts";
import type { AppStrings } from "./strings/strings.ts";

/** The languages that the app speaks, by their BCP 47 tags. */
export const LANGUAGES: Readonly<Record<string, AppStrings>> = {
  en: APP_ENGLISH,
  de: APP_GERMAN,
  ar: APP_ARABIC,
};

/** The chosen language, as its texts; kept over reloads. */
export interface Language extends Readable<AppStrings> {
  /** Takes a tag of {@link LANGUAGES}. */
  choose(tag: string): void;
}

const KEY = "chatkeep-language";

/** Sets the language that was chosen before, else the first of the browser's that the app speaks, else English. */
export function createLanguage(storage: TextStorage): Language {
  const wanted = [storage.get(KEY) ?? "", ...navigator.languages].map((tag) => tag.split("-")[0] ?? "");
  const { getSnapshot, subscribe, set } = createValue(
    wanted.map((tag) => LANGUAGES[tag]).find((spoken) => spoken !== undefined) ?? APP_ENGLISH,
  );
  const apply = (strings: AppStrings): void => {
    const { language, direction } = strings.components;
    document.documentElement.lang = language;
    document.documentElement.dir = direction;
    set(strings);
  };
  apply(getSnapshot());
  return {
    getSnapshot,
    subscribe,
    choose(tag) {
      storage.set(KEY, tag);
      apply(LANGUAGES[tag] ?? getSnapshot());
    },
  };
}
