/** A chat that is measured: a page of `pages/` that embeds it, inline at `/?inline`, and how to find its parts on the page. */
export interface Contender {
  /** The folder of its page. */
  readonly name: string;
  /** The element in whose open shadow root the parts are; `null`: they are in the page. */
  readonly host: string | null;
  /** What a person presses to open it. */
  readonly launcher: string;
  /** What is painted first when the page has loaded: the launcher, or the component where it has none of its own. */
  readonly first: string;
  /** An element for each message of the conversation that is open. */
  readonly message: string;
  /** Exact versions from npm; none for ours. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Ours. */
export const OURS: Contender = {
  name: "chatkeep",
  host: "chatkeep-chat",
  launcher: ".launcher",
  first: ".launcher",
  message: "article",
  packages: {},
};

/** The others, each with what its own documentation says a page needs. */
export const PEERS: readonly Contender[] = [
  {
    name: "deep-chat",
    host: "deep-chat",
    // It brings no launcher: it stands inline, or the page has a button, which puts the component into the page.
    launcher: "#open",
    first: "#text-input",
    message: ".outer-message-container",
    packages: { "deep-chat": "2.4.2" },
  },
  {
    name: "n8n",
    host: null,
    launcher: ".chat-window-toggle",
    first: ".chat-window-toggle",
    message: ".chat-message",
    packages: { "@n8n/chat": "1.36.4" },
  },
  {
    name: "assistant-ui",
    host: null,
    launcher: ".launcher",
    first: ".launcher",
    message: ".message",
    packages: {
      "@assistant-ui/react": "0.15.20",
      "@assistant-ui/react-markdown": "0.14.14",
      "remark-gfm": "4.0.1",
      react: "19.3.1",
      "react-dom": "19.3.1",
    },
  },
];
