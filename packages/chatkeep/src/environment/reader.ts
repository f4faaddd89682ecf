/** Reads variables one by one and gathers what is wrong with them. */
export interface Reader {
  /** A variable; one that is set but empty counts as not set, as in a copied `.env.example`. */
  text(name: string): string | undefined;
  /** As `text`, under the name that the variable had in the last release too. */
  renamed(name: string, former: string): string | undefined;
  /** A number from 0 to `most`; `meaning` says so to a person. */
  number(name: string, otherwise: number, most: number, meaning: string): number;
  /** A whole number from 0 to `most`. */
  whole(name: string, otherwise: number, most: number): number;
  /** A sentence for each variable that cannot be used; none repeats a secret. */
  readonly faults: string[];
  /** A sentence for each variable that was read under its former name. */
  readonly notices: string[];
}

/** A reader of these variables. */
export function createReader(variables: Readonly<Record<string, string | undefined>>): Reader {
  const faults: string[] = [];
  const text = (name: string): string | undefined => {
    const value = variables[name]?.trim();
    return value === "" ? undefined : value;
  };
  const notices: string[] = [];
  const renamed: Reader["renamed"] = (name, former) => {
    const value = text(name);
    if (value !== undefined || text(former) === undefined) return value;
    notices.push(`${former} is now ${name}. The next release ignores the old name.`);
    return text(former);
  };
  const number: Reader["number"] = (name, otherwise, most, meaning) => {
    const value = text(name);
    if (value === undefined) return otherwise;
    if (/^\d+(\.\d+)?$/.test(value) && Number(value) <= most) return Number(value);
    faults.push(`${name} must be ${meaning}, not "${value}".`);
    return otherwise;
  };
  const whole: Reader["whole"] = (name, otherwise, most) => {
    const meaning = `a whole number from 0 to ${most}`;
    const value = number(name, otherwise, most, meaning);
    if (!Number.isInteger(value)) faults.push(`${name} must be ${meaning}, not "${value}".`);
    return value;
  };
  return { text, renamed, number, whole, faults, notices };
}
