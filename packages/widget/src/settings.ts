/** Returns the token of the person who is signed in; `null` for nobody. Called before every request. */
export type GetToken = () => string | null | Promise<string | null>;

/** Which colours the widget has; `auto` follows the reader's system. */
type Theme = "auto" | "light" | "dark";

/** What a conversation can be about. */
interface Place {
  readonly id: string;
  readonly label: string | null;
}

/** What a page says of its widget, by attributes and properties. */
export interface Settings {
  /** Where the server is: an absolute address without a trailing slash. */
  readonly endpoint: string;
  /** What the keys of this server's begin with in the browser's storage: a session's id is a secret, which no other server is sent. */
  readonly section: string;
  /** The place that is talked about; `null`: the page is about no place in particular. */
  readonly scope: Place | null;
  /** The place that is talked about; without a scope, the whole site. */
  readonly place: Place;
  readonly mode: "floating" | "inline";
  readonly theme: Theme;
  /** A language tag (RFC 5646). */
  readonly language: string;
  /** The panel's name; `null`: the default of the language. */
  readonly label: string | null;
  readonly getToken: GetToken | null;
}

/** The attributes that settings are read from. */
export const ATTRIBUTES = ["endpoint", "scope", "scope-label", "mode", "theme", "lang", "label"] as const;

/**
 * Reads the settings of an element. Its scope is the attribute `scope`, else the page's
 * `<meta name="chatkeep-scope">`; its language is its own or the page's `lang`; `script` is the address of the
 * widget's script, whose server answers unless `endpoint` names another.
 */
export function readSettings(element: Element, script: string, getToken: GetToken | null): Settings {
  const attribute = (name: (typeof ATTRIBUTES)[number]): string | null => element.getAttribute(name);
  const meta = (name: string): string | null =>
    document.querySelector(`meta[name="${name}"]`)?.getAttribute("content") ?? null;
  const theme = attribute("theme");
  const own = attribute("scope");
  const id = own ?? meta("chatkeep-scope");
  const label = own === null ? meta("chatkeep-scope-label") : attribute("scope-label");
  const scope = id === null || id === "" ? null : { id, label };
  const server = new URL(attribute("endpoint") ?? new URL(".", script), document.baseURI);
  return {
    endpoint: server.href.replace(/\/+$/, ""),
    section: server.origin === location.origin ? "" : `${server.origin}|`,
    scope,
    place: scope ?? { id: "site", label: null },
    mode: attribute("mode") === "inline" ? "inline" : "floating",
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    language: attribute("lang") ?? (document.documentElement.lang || navigator.language),
    label: attribute("label"),
    getToken,
  };
}
