import { MoreIcon, useStrings } from "@chatkeep/react";
import { type ReactNode, useId } from "react";

import { Mark } from "./Mark.tsx";
import { useAppStrings } from "./useAppStrings.ts";

export interface WelcomeProps {
  /** Titles of documents that can be asked about with one press; none while they are not known. */
  readonly documents: readonly string[];
  readonly ask: (question: string) => void;
}

/** What is shown before the first question of a conversation. */
export function Welcome({ documents, ask }: WelcomeProps): ReactNode {
  const { welcome, welcomeDetail } = useStrings();
  const strings = useAppStrings();
  const id = useId();
  return (
    <div className="welcome">
      <Mark />
      <h2>{welcome}</h2>
      <p>{welcomeDetail}</p>
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
    </div>
  );
}
