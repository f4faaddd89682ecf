import { ENGLISH } from "@chatkeep/react";

import type { AppStrings } from "./strings.ts";

/** The texts in English; the default. */
export const APP_ENGLISH: AppStrings = {
  components: ENGLISH,
  name: "English",
  skip: "Skip to the question field",
  showList: "Show the list of conversations",
  closeList: "Close the list of conversations",
  conversation: "Conversation",
  current: "Current",
  deleteThis: "Delete this conversation",
  anonymous: "Not signed in: these conversations are only in this browser.",
  signedInAs: (user) => `Signed in as ${user}`,
  suggestions: "Ask about a document",
  suggestion: (title) => `Tell me about “${title}”`,
  settings: "Settings",
  colours: "Colours",
  themes: { system: "Same as system", light: "Light", dark: "Dark" },
  language: "Language",
  account: "Account",
  token: "Token",
  tokenDetail:
    "Sign in with an access token to see your conversations on any device. The token is forgotten when you close this tab.",
  signIn: "Sign in",
  signOut: "Sign out",
  notSignedIn: "The server did not accept this token.",
  claim: "Move this browser’s conversations to my account",
  claimDetail: "They will be in your account, and no longer in this browser’s anonymous list.",
  claimed: (count, written) =>
    count === 1
      ? "1 conversation was moved to your account."
      : `${written} conversations were moved to your account.`,
  data: "My data",
  dataDetail: "Everything stored about you, including archived and deleted conversations.",
  exportData: "Export my data",
  exporting: "Exporting…",
  importData: "Import chats",
  importDetail: "Import takes exports of ChatGPT, Claude, Open WebUI, LibreChat and Chatkeep.",
  importing: (messages) => `Importing… ${messages} messages`,
  imported: (conversations, messages, known, left) =>
    `Imported. Conversations: ${conversations}. Messages: ${messages}.${known === null ? "" : ` Already here: ${known}.`}${left === null ? "" : ` Left out: ${left}.`}`,
  eraseData: "Erase my data",
  eraseQuestion: "Erase everything stored about you?",
  eraseDetail:
    "All conversations are erased immediately and permanently, including those you could still restore. This cannot be undone.",
  erase: "Erase",
  erased: (conversations, messages) => `Erased. Conversations: ${conversations}. Messages: ${messages}.`,
  sidebar: "Show or hide the sidebar",
  quoteSelected: "Quote",
  palette: {
    name: "Search and commands",
    placeholder: "Search or type a command",
    recent: "Recent",
    commands: "Commands",
    found: (count) => (count === 1 ? "1 result" : `${count} results`),
  },
  keyboard: "Keyboard",
  keys: {
    search: "Search and commands",
    new: "New conversation",
    composer: "Go to the question field",
    list: "Go through a list or a menu",
    quote: "Quote the selected words of an answer",
    stop: "Stop the answer or close a dialog",
    help: "Show this list",
  },
};
