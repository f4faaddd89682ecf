/** A file that is written where there is none. */
export interface PlannedFile {
  /** Relative to the app. */
  readonly path: string;
  readonly text: string;
  readonly meaning: string;
}

/** What an app needs. */
export interface Plan {
  /** The first is the mount: where it is already, the app is set up. */
  readonly files: readonly PlannedFile[];
  /** Packages to install. */
  readonly packages: readonly string[];
  /** What the person does, a paragraph each. */
  readonly byHand: readonly string[];
  /** How to try it. */
  readonly start: string;
}
