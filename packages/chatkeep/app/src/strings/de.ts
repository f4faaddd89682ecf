import { GERMAN } from "@chatkeep/react";

import type { AppStrings } from "./strings.ts";

/** The texts in German. */
export const APP_GERMAN: AppStrings = {
  components: GERMAN,
  name: "Deutsch",
  showList: "Liste der Unterhaltungen zeigen",
  closeList: "Liste der Unterhaltungen schließen",
  conversation: "Unterhaltung",
  current: "Aktuell",
  deleteThis: "Diese Unterhaltung löschen",
  anonymous: "Ohne Konto: Diese Unterhaltungen gehören zu diesem Browser.",
  signedInAs: (user) => `Angemeldet als ${user}`,
  welcome: "Was möchten Sie wissen?",
  welcomeDetail: "Jede Unterhaltung bleibt: Schließen Sie die Seite, und machen Sie später dort weiter.",
  suggestions: "Fragen zu einem Dokument",
  suggestion: (title) => `Worum geht es in „${title}“?`,
  settings: "Einstellungen",
  colours: "Farben",
  themes: { system: "Wie im System", light: "Hell", dark: "Dunkel" },
  language: "Sprache",
  account: "Konto",
  token: "Token",
  tokenDetail:
    "Mit einem Token Ihrer Anmeldung lesen Sie Ihre Unterhaltungen auf jedem Gerät. Dieser Tab behält es, bis er geschlossen wird.",
  signIn: "Anmelden",
  signOut: "Abmelden",
  notSignedIn: "Der Server hat dieses Token nicht angenommen.",
  claim: "Unterhaltungen dieses Browsers übernehmen",
  claimDetail: "Sie gehören dann Ihnen und stehen nicht mehr in der anonymen Liste dieses Browsers.",
  claimed: (count, written) =>
    count === 1 ? "1 Unterhaltung gehört nun Ihnen." : `${written} Unterhaltungen gehören nun Ihnen.`,
  data: "Meine Daten",
  dataDetail: "Alles, was über Sie gespeichert ist, auch Archiviertes und Gelöschtes.",
  exportData: "Meine Daten exportieren",
  exporting: "Wird exportiert …",
  eraseData: "Meine Daten löschen",
  eraseQuestion: "Alles löschen, was über Sie gespeichert ist?",
  eraseDetail:
    "Alle Unterhaltungen werden sofort und endgültig gelöscht, auch was sich wiederherstellen ließe. Das lässt sich nicht rückgängig machen.",
  erase: "Endgültig löschen",
  erased: (conversations, messages) =>
    `Gelöscht. Unterhaltungen: ${conversations}. Nachrichten: ${messages}.`,
  keyboard: "Tastatur",
  keys: {
    search: "Suchen",
    new: "Neue Unterhaltung",
    composer: "Zum Fragefeld",
    stop: "Antwort anhalten, Offenes schließen",
    help: "Diese Liste",
  },
};
