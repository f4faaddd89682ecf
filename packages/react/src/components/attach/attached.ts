import type { FilePart } from "../../state/content.ts";

/** The files of the next question. */
export interface Attached {
  /** The parts of those that are uploaded. */
  readonly files: readonly FilePart[];
  /** Whether all of them are uploaded. */
  readonly isReady: boolean;
  readonly clear: () => void;
}
