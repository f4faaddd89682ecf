import type { Json } from "@chatkeep/protocol";
import { Fragment, type ReactNode } from "react";

export interface ArgumentsProps {
  /** As the model wrote them: JSON or not. */
  readonly text: string;
}

/** The arguments of a call: a list of names and values where they are a JSON object, else as they were written. */
export function Arguments({ text }: ArgumentsProps): ReactNode {
  const fields = fieldsOf(text);
  if (fields === null) return <pre>{text}</pre>;
  if (fields.length === 0) return null;
  return (
    <dl className="ck-arguments">
      {fields.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

function fieldsOf(text: string): [string, Json][] | null {
  if (text === "") return [];
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : null;
  } catch {
    return null;
  }
}
