import { GERMAN } from "@chatkeep/react";

import type { AppStrings } from "./strings.ts";

/** The texts in German. */
export const APP_GERMAN: AppStrings = {
  components: GERMAN,
  name: "Deutsch",
  showList: "Liste der Gespräche zeigen",
  closeList: "Liste der Gespräche schließen",
  conversation: "Gespräch",
  current: "Aktuell",
  deleteThis: "Dieses Gespräch löschen",
  anonymous: "Ohne Konto: Diese Gespräche gehören zu diesem Browser.",
  signedInAs: (user) => `Angemeldet als ${user}`,
  welcome: "Was möchten Sie wissen?",
  welcomeDetail: "Jedes Gespräch bleibt: Schließen Sie die Seite, und machen Sie später dort weiter.",
  suggestions: "Fragen zu einem Kapitel des Buchs",
  suggestion: (chapter) => `Worum geht es in „${chapter}“?`,
  settings: "Einstellungen",
  colours: "Farben",
  themes: { system: "Wie im System", light: "Hell", dark: "Dunkel" },
  language: "Sprache",
  account: "Konto",
  token: "Token",
  tokenDetail:
    "Mit einem Token Ihrer Anmeldung lesen Sie Ihre Gespräche auf jedem Gerät. Dieser Tab behält es, bis er geschlossen wird.",
  signIn: "Anmelden",
  signOut: "Abmelden",
  notSignedIn: "Der Server hat dieses Token nicht angenommen.",
  claim: "Gespräche dieses Browsers übernehmen",
  claimDetail: "Sie gehören dann Ihnen und stehen nicht mehr in der anonymen Liste dieses Browsers.",
  claimed: (count, written) =>
    count === 1 ? "1 Gespräch gehört nun Ihnen." : `${written} Gespräche gehören nun Ihnen.`,
  data: "Meine Daten",
  dataDetail: "Alles, was über Sie gespeichert ist, auch Archiviertes und Gelöschtes.",
  exportData: "Meine Daten exportieren",
  exporting: "Wird exportiert …",
  eraseData: "Meine Daten löschen",
  eraseQuestion: "Alles löschen, was über Sie gespeichert ist?",
  eraseDetail:
    "Alle Gespräche werden sofort und endgültig gelöscht, auch was sich wiederherstellen ließe. Das lässt sich nicht rückgängig machen.",
  erase: "Endgültig löschen",
  erased: (conversations, messages) => `Gelöscht. Gespräche: ${conversations}. Nachrichten: ${messages}.`,
  keyboard: "Tastatur",
  keys: {
    search: "Suchen",
    new: "Neues Gespräch",
    composer: "Zum Fragefeld",
    stop: "Antwort anhalten, Offenes schließen",
    help: "Diese Liste",
  },
};
