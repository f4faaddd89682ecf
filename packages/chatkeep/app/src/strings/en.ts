import { ENGLISH } from "@chatkeep/react";

import type { AppStrings } from "./strings.ts";

/** The texts in English; the default. */
export const APP_ENGLISH: AppStrings = {
  components: ENGLISH,
  name: "English",
  showList: "Show the list of conversations",
  closeList: "Close the list of conversations",
  conversation: "Conversation",
  current: "Current",
  deleteThis: "Delete this conversation",
  anonymous: "No account: these conversations belong to this browser.",
  signedInAs: (user) => `Signed in as ${user}`,
  welcome: "What would you like to know?",
  welcomeDetail: "Every conversation is kept: close the page, come back, and go on where you stopped.",
  suggestions: "Ask about a document",
  suggestion: (title) => `Tell me about “${title}”`,
  settings: "Settings",
  colours: "Colours",
  themes: { system: "Of the system", light: "Light", dark: "Dark" },
  language: "Language",
  account: "Account",
  token: "Token",
  tokenDetail:
    "A token of your login lets you read your conversations on any device. This tab keeps it until it is closed.",
  signIn: "Sign in",
  signOut: "Sign out",
  notSignedIn: "The server did not take this token.",
  claim: "Take over this browser’s conversations",
  claimDetail: "They become yours, and leave this browser’s anonymous list.",
  claimed: (count, written) =>
    count === 1 ? "1 conversation is yours now." : `${written} conversations are yours now.`,
  data: "My data",
  dataDetail: "All that is kept of you, also what is archived or deleted.",
  exportData: "Export my data",
  exporting: "Exporting…",
  eraseData: "Erase my data",
  eraseQuestion: "Erase all that is kept of you?",
  eraseDetail:
    "Every conversation is erased at once and for good, also what could be restored. There is no way back.",
  erase: "Erase",
  erased: (conversations, messages) => `Erased. Conversations: ${conversations}. Messages: ${messages}.`,
  keyboard: "Keyboard",
  keys: {
    search: "Search",
    new: "New conversation",
    composer: "To the question field",
    stop: "Stop the answer, close what is open",
    help: "This list",
  },
};
