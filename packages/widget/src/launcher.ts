import type { Settings } from "./settings.ts";

/** The button that opens the panel. */
export interface Launcher {
  readonly element: HTMLElement;
  update(settings: Settings): void;
  focus(): void;
  /** Says that the panel could not be loaded. */
  fail(): void;
}

export interface LauncherOptions {
  /** Called when somebody is about to press it: the panel is loaded then. */
  readonly onIntent: () => void;
  readonly onPress: () => void;
}

type Words = readonly [open: string, failed: string];
/** What it says in each language; the panel's own texts come with the panel. */
const ENGLISH: Words = ["Ask a question", "Not loaded. Try again."];
const WORDS: Readonly<Record<string, Words>> = {
  ar: ["اطرح سؤالاً", "تعذّر التحميل. أعد المحاولة."],
  de: ["Frage stellen", "Nicht geladen. Noch einmal versuchen."],
};

const ICON =
  "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5zM8.5 8.5h7M8.5 11.5H13";

/** Makes the launcher; it loads nothing by itself. */
export function createLauncher({ onIntent, onPress }: LauncherOptions): Launcher {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "launcher";
  element.setAttribute("part", "launcher");
  element.setAttribute("aria-haspopup", "dialog");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICON);
  svg.append(path);
  const text = document.createElement("span");
  element.append(svg, text);
  for (const type of ["pointerenter", "focus", "touchstart"])
    element.addEventListener(type, onIntent, { once: true, passive: true });
  element.addEventListener("click", onPress);

  let words = ENGLISH;
  return {
    element,
    update({ mode, language, label, theme }) {
      const [primary = ""] = language.toLowerCase().split("-");
      words = WORDS[primary] ?? ENGLISH;
      element.hidden = mode === "inline";
      element.dir = primary === "ar" ? "rtl" : "ltr";
      element.dataset["theme"] = theme;
      text.textContent = label ?? words[0];
    },
    focus: () => element.focus(),
    fail: () => (text.textContent = words[1]),
  };
}
