import { MoreIcon, Welcome } from "@chatkeep/react";
import { type ReactNode, useId } from "react";

import { Mark } from "./Mark.tsx";
import { useAppStrings } from "./useAppStrings.ts";

export interface AppWelcomeProps {
  /** Titles of documents that can be asked about with one press; none while they are not known. */
  readonly documents: readonly string[];
  readonly lasting: boolean;
  readonly ask: (question: string) => void;
}

/** The welcome of the app: it offers a question about each of some documents. */
export function AppWelcome({ documents, lasting, ask }: AppWelcomeProps): ReactNode {
  const strings = useAppStrings();
  const id = useId();
  return (
    <Welcome picture={<Mark />} lasting={lasting}>
      {documents.length > 0 && (
        <section className="suggestions" aria-labelledby={id}>
          <h3 id={id}>{strings.suggestions}</h3>
          <ul>
            {documents.map((title) => (
              <li key={title}>
                <button type="button" className="ck-button" onClick={() => ask(strings.suggestion(title))}>
                  <MoreIcon name="document" />
                  <bdi>{title}</bdi>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Welcome>
  );
}
