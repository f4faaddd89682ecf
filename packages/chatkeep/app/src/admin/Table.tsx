import { type ReactNode, useId } from "react";

export interface TableProps {
  readonly title: string;
  readonly heads: readonly string[];
  /** What is said in place of rows when there are none. */
  readonly none: string;
  /** A `<tr>` for each. */
  readonly rows: readonly ReactNode[];
  /** Whether it is shown only after a press on its heading; default no. */
  readonly folded?: boolean;
}

/** A table with its heading; on a narrow screen it is scrolled by itself, with the keyboard too. */
export function Table({ title, heads, none, rows, folded }: TableProps): ReactNode {
  const id = useId();
  const body =
    rows.length === 0 ? (
      <p className="quiet">{none}</p>
    ) : (
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      <section className="scroll" aria-labelledby={id} tabIndex={0}>
        <table aria-labelledby={id}>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{rows}</tbody>
        </table>
      </section>
    );
  const heading = <h2 id={id}>{title}</h2>;
  return folded === true ? (
    <details className="sheet">
      <summary>{heading}</summary>
      {body}
    </details>
  ) : (
    <div className="sheet">
      {heading}
      {body}
    </div>
  );
}
