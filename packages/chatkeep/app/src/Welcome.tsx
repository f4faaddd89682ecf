import { MoreIcon } from "@chatkeep/react";
import { type ReactNode, useId } from "react";

import { Mark } from "./Mark.tsx";
import { useAppStrings } from "./useAppStrings.ts";

/** What {@link Welcome} takes. */
export interface WelcomeProps {
  /** Titles of chapters that can be asked about with one press; none while they are not known. */
  readonly chapters: readonly string[];
  readonly ask: (question: string) => void;
}

/** What is shown before the first question of a conversation. */
export function Welcome({ chapters, ask }: WelcomeProps): ReactNode {
  const strings = useAppStrings();
  const id = useId();
  return (
    <div className="welcome">
      <Mark />
      <h2>{strings.welcome}</h2>
      <p>{strings.welcomeDetail}</p>
      {chapters.length > 0 && (
        <section className="suggestions" aria-labelledby={id}>
          <h3 id={id}>{strings.suggestions}</h3>
          <ul>
            {chapters.map((chapter) => (
              <li key={chapter}>
                <button type="button" className="ck-button" onClick={() => ask(strings.suggestion(chapter))}>
                  <MoreIcon name="book" />
                  <bdi>{chapter}</bdi>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
