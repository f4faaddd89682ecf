import { type Selection, type ThreadStrings, createSnapshot, loadMarkdown, nextFrame } from "@chatkeep/react";
import { render } from "preact";

import type { TabMemory } from "../memory.ts";
import type { Settings } from "../settings.ts";
import { createCiting } from "./citing.ts";
import type { PanelState, Use } from "./panel-state.ts";
import { PanelView } from "./PanelView.tsx";
import { openPerson } from "./person.ts";
import { watchLater } from "./selection.ts";
import { sheetOf } from "./sheet.ts";
import { createShown } from "./shown.ts";
import { registerUnit } from "./size.ts";
import { ENGLISH_TEXTS, loadStrings } from "./strings.ts";

import frameCss from "./panel.css?inline";
import groundCss from "@chatkeep/react/styles/ground.css?inline";
import messageCss from "@chatkeep/react/styles/message.css?inline";
import threadCss from "@chatkeep/react/styles/thread.css?inline";

/** The panel of a widget. */
export interface Panel {
  update(settings: Settings): void;
  /** Shows it. The focus goes in when a `person` opens it; a `page` that shows it again leaves the focus where it is. */
  open(by: "person" | "page"): void;
  close(): void;
  /** Asks in the thread that is shown. */
  ask(question: string, selectedText: string | null): void;
  startConversation(): void;
  /** Finds a quote on the page and paints it. */
  showPassage(quote: string): Promise<boolean>;
  remove(): void;
}

export interface PanelOptions {
  readonly host: HTMLElement;
  readonly root: ShadowRoot;
  readonly settings: Settings;
  readonly memory: TabMemory;
  /** What the history is asked with. */
  readonly fetch: typeof globalThis.fetch;
  /** Called when it is closed and the focus was in it and came from nowhere else. */
  readonly onClose: () => void;
}

/** Makes the panel in the shadow root of its element; closed, or in its place when it is inline. */
export function mountPanel({ host, root, settings: first, memory, fetch, onClose }: PanelOptions): Panel {
  let settings = first;
  let visibility: PanelState["visibility"] = first.mode === "inline" ? "open" : "closed";
  let focus: PanelState["focus"] = "out";
  let entrances = 0;
  let use: Use | null = null;
  let trouble: ThreadStrings | null = null;
  let opening = 0;
  let before: Element | null = null;
  const waiting: ((use: Use) => void)[] = [];

  registerUnit();
  const sheets: CSSStyleSheet[] = [];
  const style = (sheet: CSSStyleSheet): void => {
    if (!sheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
    sheets.push(sheet);
  };
  style(sheetOf(groundCss + threadCss + messageCss + frameCss));
  const container = document.createElement("div");
  container.style.display = "contents";
  root.append(container);
  const citing = createCiting({
    host,
    memory,
    endpoint: () => settings.endpoint,
    onLeave: () => leave(),
  });
  let selection: Selection | null = null;
  const endSelection = watchLater(host, (loaded) => {
    selection = loaded;
    snapshot.changed();
  });
  const snapshot = createSnapshot<PanelState>({
    build: () => ({ settings, visibility, entrances, focus, use, trouble, citing, selection }),
    schedule: (run) => run(),
  });

  /** Loaded with the first answers, or once the panel is there: nothing of it is seen before. */
  const styleAnswers = async (): Promise<void> => {
    const { answerSheet } = await import("./answer-sheet.ts");
    if (container.isConnected) style(answerSheet);
  };

  const tell = (name: string): void =>
    void host.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true }));

  /** Starts again for another person or server; what was shown before belongs to neither. */
  const start = async (): Promise<void> => {
    const mine = ++opening;
    end();
    const { language, place } = settings;
    const [person, texts] = await Promise.all([
      openPerson({ ...settings, fetch, onChange: () => void start() }).catch(() => null),
      loadStrings(language).catch(() => ENGLISH_TEXTS),
    ]);
    if (mine !== opening) return person?.close();
    trouble = person === null ? texts.thread : null;
    if (person === null) return snapshot.changed();
    use = { person, texts, shown: createShown(person.chat, place) };
    const thread = use.shown.getSnapshot();
    person.chat.show(thread);
    void thread
      .open()
      .then(() =>
        thread.getSnapshot().entries.length === 0 ? undefined : Promise.all([loadMarkdown(), styleAnswers()]),
      )
      .then(begin, begin);
    for (const act of waiting.splice(0)) act(use);
    snapshot.changed();
  };
  /** In the next frame, the first that can be seen, unless everything is there before: then it is laid out once. */
  const begin = (): void => {
    if (!container.isConnected) return;
    render(<PanelView state={snapshot} onClose={close} onRetry={() => void start()} />, container);
    styleAnswers().catch(() => undefined);
  };
  const end = (): void => {
    use?.shown.close();
    use?.person.close();
    use = null;
    snapshot.changed();
  };
  const whenUsed = (act: (use: Use) => void): void => {
    if (use === null) waiting.push(act);
    else act(use);
  };

  const open: Panel["open"] = (by) => {
    if (by === "person") {
      if (root.activeElement === null) before = document.activeElement;
      focus = "in";
      entrances += 1;
    }
    if (visibility === "open") return snapshot.changed();
    visibility = "open";
    host.setAttribute("open", "");
    memory.open.set("1");
    snapshot.changed();
    tell("chatkeep-open");
  };
  const close = (): void => {
    if (visibility === "closed" || settings.mode === "inline") return;
    const hadFocus = root.activeElement !== null;
    visibility = "closed";
    focus = "out";
    host.removeAttribute("open");
    memory.open.set(null);
    snapshot.changed();
    if (hadFocus) giveBack();
    tell("chatkeep-close");
  };
  const giveBack = (): void => {
    if (before instanceof HTMLElement && before !== document.body && before !== host && before.isConnected)
      before.focus();
    else onClose();
  };
  /** The passage is under a panel that covers the page. */
  const leave = (): void => {
    if (root.querySelector("dialog.frame:modal") !== null) close();
  };
  const onFocusMove = (event: FocusEvent): void => {
    focus = event.composedPath().includes(host) ? "in" : "out";
  };

  addEventListener("focusin", onFocusMove);
  void start();
  nextFrame(begin);
  const pending = memory.passage.get();
  if (pending !== null) {
    memory.passage.set(null);
    void citing.show(pending);
  }

  return {
    open,
    close,
    update(next) {
      const { endpoint, getToken, language, mode } = settings;
      settings = next;
      if (next.mode === "inline") visibility = "open";
      else if (mode === "inline") visibility = "closed";
      if (next.endpoint !== endpoint || next.getToken !== getToken || next.language !== language)
        void start();
      else use?.shown.setScope(next.place);
      snapshot.changed();
    },
    ask: (question, selectedText) =>
      whenUsed(({ shown }) => shown.getSnapshot().send(question, selectedText)),
    startConversation: () => whenUsed(({ shown }) => shown.startNew()),
    showPassage: (quote) => citing.show(quote),
    remove() {
      opening += 1;
      removeEventListener("focusin", onFocusMove);
      end();
      endSelection();
      render(null, container);
      container.remove();
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((each) => !sheets.includes(each));
      host.removeAttribute("open");
    },
  };
}
