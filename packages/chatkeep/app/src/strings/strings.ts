import { type Strings, numberIn } from "@chatkeep/react";

/** The texts of the app beside those of its components, so that it can be given in another language. */
export interface AppStrings {
  /** Those of the components, in the same language. */
  readonly components: Strings;
  /** What the language calls itself. */
  readonly name: string;
  readonly skip: string;
  readonly showList: string;
  readonly closeList: string;
  readonly conversation: string;
  readonly current: string;
  readonly deleteThis: string;
  readonly anonymous: string;
  readonly signedInAs: (user: string) => string;
  readonly suggestions: string;
  readonly suggestion: (title: string) => string;
  readonly settings: string;
  readonly colours: string;
  readonly themes: { readonly system: string; readonly light: string; readonly dark: string };
  readonly language: string;
  readonly account: string;
  readonly token: string;
  readonly tokenDetail: string;
  readonly signIn: string;
  readonly signInDetail: string;
  readonly signInFailed: string;
  /** Beside a box that is ticked: the anonymous conversations go along. */
  readonly bring: string;
  readonly signOut: string;
  readonly notSignedIn: string;
  readonly claim: string;
  readonly claimDetail: string;
  /** The number is written for the language already. */
  readonly claimed: (count: number, written: string) => string;
  readonly data: string;
  readonly dataDetail: string;
  readonly exportData: string;
  readonly exporting: string;
  readonly importData: string;
  readonly importDetail: string;
  /** The number is written for the language already. */
  readonly importing: (messages: string) => string;
  /** The numbers are written for the language already; `null` for none. */
  readonly imported: (
    conversations: string,
    messages: string,
    known: string | null,
    left: string | null,
  ) => string;
  readonly eraseData: string;
  readonly eraseQuestion: string;
  readonly eraseDetail: string;
  readonly erase: string;
  /** Both numbers are written for the language already. */
  readonly erased: (conversations: string, messages: string) => string;
  readonly sidebar: string;
  readonly quoteSelected: string;
  readonly palette: {
    readonly name: string;
    readonly placeholder: string;
    readonly recent: string;
    readonly commands: string;
    readonly found: (count: number) => string;
  };
  /** Links to a conversation. */
  readonly share: {
    readonly title: string;
    readonly detail: string;
    readonly name: string;
    readonly ends: string;
    /** 0: when it is deleted. */
    readonly after: (days: number) => string;
    readonly live: string;
    readonly make: string;
    readonly link: string;
    readonly links: string;
    readonly copy: string;
    readonly isLive: string;
    readonly isFixed: string;
    readonly until: (time: string) => string;
    readonly remove: string;
    readonly by: (name: string) => string;
    readonly gone: string;
    readonly goOn: string;
    readonly copyDetail: string;
  };
  readonly keyboard: string;
  readonly keys: {
    readonly search: string;
    readonly new: string;
    readonly composer: string;
    readonly list: string;
    readonly quote: string;
    readonly stop: string;
    readonly help: string;
  };
}

/** A count in the words of the language's claim. */
export function claimedIn(strings: AppStrings, count: number): string {
  return strings.claimed(count, numberIn(strings.components, count));
}
