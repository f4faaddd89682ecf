import { sendFirst } from "./first-requests.ts";
import { type Launcher, createLauncher } from "./launcher.ts";
import { openMemory } from "./memory.ts";
import type { Panel, PanelOptions } from "./panel.ts";
import { ATTRIBUTES, type GetToken, readSettings } from "./settings.ts";

import launcherCss from "./launcher.css?inline";

/** A question that the page itself asks. */
export interface AskOptions {
  /** What the question is about, shown with it. Default: nothing. */
  readonly selectedText?: string | undefined;
}

/**
 * `<chatkeep-chat>`: a launcher, and a panel that is loaded when somebody is about to use it. Custom elements have
 * to be classes; this one only connects attributes, launcher and panel.
 */
export class ChatkeepChat extends HTMLElement {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;

  readonly #memory = openMemory();
  #getToken: GetToken | null = null;
  #launcher: Launcher | undefined;
  #panel: Promise<Panel> | undefined;

  /** Returns the bearer token of the person who is signed in; `null` (default): anonymous. */
  get getToken(): GetToken | null {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | null) {
    this.#getToken = getToken;
    this.#update();
  }

  /** Whether the panel is shown. */
  get isOpen(): boolean {
    return this.hasAttribute("open");
  }

  /** Shows the panel and moves the focus into it. Resolves when it is shown. */
  async open(): Promise<void> {
    (await this.#load()).open("person");
  }

  /** Hides the panel; a running answer goes on. */
  async close(): Promise<void> {
    if (this.#panel !== undefined) (await this.#panel).close();
  }

  /** Shows the panel and asks in the conversation that it shows. */
  async ask(question: string, options: AskOptions = {}): Promise<void> {
    const panel = await this.#load();
    panel.open("person");
    panel.ask(question, options.selectedText ?? null);
  }

  /** Shows the panel with a conversation that has not begun. */
  async startConversation(): Promise<void> {
    const panel = await this.#load();
    panel.open("person");
    panel.startConversation();
  }

  /** Looks for a quote on the page and paints it. Resolves with whether it was found. */
  async showPassage(quote: string): Promise<boolean> {
    return (await this.#load()).showPassage(quote);
  }

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    if (this.#launcher === undefined) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(launcherCss);
      root.adoptedStyleSheets = [sheet];
      this.#launcher = createLauncher({
        onIntent: () => this.#whenLoaded(() => undefined),
        onPress: () => void this.open().catch(() => this.#launcher?.fail()),
      });
      root.append(this.#launcher.element);
    }
    this.#takeEarlyToken();
    this.#update();
    if (this.#settings().mode === "inline" || this.#memory.passage.get() !== null)
      this.#whenLoaded(() => undefined);
    // A person who had it open goes on in the next chapter; on a narrow screen it would hide that.
    else if (this.#memory.open.get() !== null && matchMedia("(width >= 40rem)").matches)
      this.#whenLoaded((panel) => panel.open("page"));
  }

  disconnectedCallback(): void {
    // Moved within the page it is connected again at once.
    queueMicrotask(() => {
      if (this.isConnected || this.#panel === undefined) return;
      this.#whenLoaded((panel) => panel.remove());
      this.#panel = undefined;
    });
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#update();
  }

  #settings(): PanelOptions["settings"] {
    return readSettings(this, import.meta.url, this.#getToken);
  }

  #update(): void {
    const settings = this.#settings();
    this.#launcher?.update(settings);
    if (this.#panel !== undefined) this.#whenLoaded((panel) => panel.update(settings));
  }

  /** A page may set the property before the script has made the element what it is. */
  #takeEarlyToken(): void {
    if (!Object.hasOwn(this, "getToken")) return;
    const { getToken } = this;
    Reflect.deleteProperty(this, "getToken");
    this.getToken = getToken;
  }

  /** What cannot be loaded now is loaded when the launcher is pressed. */
  #whenLoaded(act: (panel: Panel) => void): void {
    this.#load().then(act, () => undefined);
  }

  #load(): Promise<Panel> {
    if (this.#panel !== undefined) return this.#panel;
    // First, over the connection that is open; the other request opens one of its own.
    const loading = import("./panel.ts");
    const fetch = sendFirst(this.#settings());
    this.#panel = loading.then(({ mountPanel }) =>
      mountPanel({
        host: this,
        root: this.shadowRoot as ShadowRoot,
        settings: this.#settings(),
        memory: this.#memory,
        fetch,
        onClose: () => this.#launcher?.focus(),
      }),
    );
    this.#panel.catch(() => (this.#panel = undefined));
    return this.#panel;
  }
}
