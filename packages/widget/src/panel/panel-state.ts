import type { Selection, ThreadStrings } from "@chatkeep/react";

import type { Settings } from "../settings.ts";
import type { Citing } from "./citing.ts";
import type { Person } from "./person.ts";
import type { Shown } from "./shown.ts";
import type { Texts } from "./strings.ts";

/** What the panel shows. */
export interface PanelState {
  readonly settings: Settings;
  readonly visibility: "closed" | "open";
  /** How often a person has opened it. */
  readonly entrances: number;
  /** Whether the focus is in it: then something that appears in it may take the focus. */
  readonly focus: "in" | "out";
  /** `null` while it is not known who uses it. */
  readonly use: Use | null;
  /** The texts in which to say that it could not be found out; `null` when it could, or may yet be. */
  readonly trouble: ThreadStrings | null;
  readonly citing: Citing;
  /** `null` while nothing has been selected. */
  readonly selection: Selection | null;
}

/** A person's use of the panel. */
export interface Use {
  readonly person: Person;
  readonly shown: Shown;
  readonly texts: Texts;
}
