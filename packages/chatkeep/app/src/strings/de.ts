import { GERMAN } from "@chatkeep/react";

import type { AppStrings } from "./strings.ts";

/** The texts in German. */
export const APP_GERMAN: AppStrings = {
  components: GERMAN,
  name: "Deutsch",
  skip: "Zum Fragefeld springen",
  showList: "Liste der Unterhaltungen zeigen",
  closeList: "Liste der Unterhaltungen schließen",
  conversation: "Unterhaltung",
  current: "Aktuell",
  deleteThis: "Diese Unterhaltung löschen",
  anonymous: "Nicht angemeldet: Diese Unterhaltungen sind nur in diesem Browser.",
  signedInAs: (user) => `Angemeldet als ${user}`,
  suggestions: "Fragen zu einem Dokument",
  suggestion: (title) => `Worum geht es in „${title}“?`,
  settings: "Einstellungen",
  colours: "Farben",
  themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
  language: "Sprache",
  account: "Konto",
  token: "Token",
  tokenDetail:
    "Melden Sie sich mit einem Zugriffstoken an, um Ihre Unterhaltungen auf jedem Gerät zu sehen. Das Token wird vergessen, wenn Sie diesen Tab schließen.",
  signInDetail: "Melden Sie sich an, um Ihre Unterhaltungen auf jedem Gerät zu sehen.",
  signInFailed:
    "Sie sind nicht angemeldet: Die Anmeldung kam nicht zu ihrem Ende. Versuchen Sie es noch einmal.",
  bring: "Unterhaltungen dieses Browsers mitnehmen",
  signIn: "Anmelden",
  signOut: "Abmelden",
  notSignedIn: "Der Server hat dieses Token nicht angenommen.",
  claim: "Unterhaltungen dieses Browsers in mein Konto übernehmen",
  claimDetail: "Sie sind dann in Ihrem Konto und nicht mehr in der anonymen Liste dieses Browsers.",
  claimed: (count, written) =>
    count === 1
      ? "1 Unterhaltung ist jetzt in Ihrem Konto."
      : `${written} Unterhaltungen sind jetzt in Ihrem Konto.`,
  data: "Meine Daten",
  dataDetail: "Alles, was über Sie gespeichert ist, auch Archiviertes und Gelöschtes.",
  exportData: "Meine Daten exportieren",
  exporting: "Wird exportiert …",
  importData: "Chats importieren",
  importDetail: "Importiert werden Exporte von ChatGPT, Claude, Open WebUI, LibreChat und Chatkeep.",
  importing: (messages) => `Wird importiert … ${messages} Nachrichten`,
  imported: (conversations, messages, known, left) =>
    `Importiert. Gespräche: ${conversations}. Nachrichten: ${messages}.${known === null ? "" : ` Schon hier: ${known}.`}${left === null ? "" : ` Ausgelassen: ${left}.`}`,
  eraseData: "Meine Daten löschen",
  eraseQuestion: "Alles löschen, was über Sie gespeichert ist?",
  eraseDetail:
    "Alle Unterhaltungen werden sofort und endgültig gelöscht, auch was sich wiederherstellen ließe. Das lässt sich nicht rückgängig machen.",
  erase: "Endgültig löschen",
  erased: (conversations, messages) =>
    `Gelöscht. Unterhaltungen: ${conversations}. Nachrichten: ${messages}.`,
  sidebar: "Seitenleiste ein- oder ausblenden",
  quoteSelected: "Zitieren",
  palette: {
    name: "Suche und Befehle",
    placeholder: "Suchen oder Befehl eingeben",
    recent: "Zuletzt",
    commands: "Befehle",
    found: (count) => (count === 1 ? "1 Treffer" : `${count} Treffer`),
  },
  share: {
    title: "Teilen",
    detail:
      "Wer den Link hat, kann diese Fassung der Unterhaltung lesen: Texte, Quellen und Dateien, ohne Werkzeuge und Überlegungen. Fortsetzen kann man sie in einer eigenen Kopie.",
    name: "Ihr Name (optional)",
    ends: "Der Link läuft ab",
    after: (days) => (days === 0 ? "Nie" : days === 1 ? "Nach einem Tag" : `Nach ${days} Tagen`),
    live: "Spätere Nachrichten einschließen",
    make: "Link erstellen",
    link: "Link",
    links: "Links zu dieser Unterhaltung",
    copy: "Link kopieren",
    isLive: "mit späteren Nachrichten",
    isFixed: "Nachrichten bis dahin",
    until: (time) => `bis ${time}`,
    remove: "Löschen",
    by: (name) => `Geteilt von ${name}`,
    gone: "Diesen Link gibt es nicht, er wurde gelöscht oder ist abgelaufen.",
    goOn: "Für mich fortsetzen",
    copyDetail:
      "Dies ist eine geteilte Unterhaltung. Um etwas zu fragen, setzen Sie sie in einer eigenen Kopie fort.",
  },
  keyboard: "Tastatur",
  keys: {
    search: "Suche und Befehle",
    new: "Neue Unterhaltung",
    composer: "Zum Fragefeld",
    list: "Durch eine Liste oder ein Menü gehen",
    quote: "Markierte Worte einer Antwort zitieren",
    stop: "Antwort anhalten oder Dialog schließen",
    help: "Diese Liste",
  },
};
