import { nearestOf } from "../nearest.ts";
import {
  type Choice,
  type ChoiceName,
  SETTINGS,
  type Setting,
  type SettingName,
  settingOf,
} from "../settings.ts";

/** Reads settings one by one and gathers what is wrong with them. */
export interface Reader {
  /** A setting; one that is empty counts as not set, as in a copied `.env.example`. */
  text(name: SettingName): string | undefined;
  /** A number within the setting's bounds. */
  number(name: SettingName): number;
  /** One of the setting's choices. */
  choice<N extends ChoiceName>(name: N): Choice<N>;
  /** A sentence for each setting that cannot be used; none repeats a secret. */
  readonly faults: string[];
  /** A sentence for each setting that is misspelt or has a new name. */
  readonly notices: string[];
}

/** A reader of these variables. */
export function createReader(variables: Readonly<Record<string, string | undefined>>): Reader {
  const faults: string[] = [];
  const notices = findUnknown(variables);
  const given = (name: string): string | undefined => variables[name]?.trim() || undefined;
  const text: Reader["text"] = (name) => {
    const { former } = settingOf(name);
    const value = given(name);
    if (value !== undefined || former === undefined || given(former) === undefined) return value;
    notices.push(`${former} is now ${name}. The next release ignores the old name.`);
    return given(former);
  };
  const number: Reader["number"] = (name) => {
    const { default: otherwise = 0, most = 0, unit } = settingOf(name);
    const value = text(name);
    if (value === undefined) return Number(otherwise);
    const isNumber = unit === undefined ? /^\d+$/ : /^\d+(\.\d+)?$/;
    if (isNumber.test(value) && Number(value) <= most) return Number(value);
    const kind = unit === undefined ? "a whole number" : unit === "" ? "a number" : `a number of ${unit}`;
    faults.push(`${name} must be ${kind} from 0 to ${most}, not "${value}".`);
    return Number(otherwise);
  };
  const choice: Reader["choice"] = (name) => {
    const { default: otherwise, choices } = SETTINGS[name];
    const value = text(name)?.toLowerCase() ?? otherwise;
    const chosen = choices.find((one) => one === value);
    if (chosen === undefined) faults.push(`${name} must be one of ${choices.join(", ")}, not "${value}".`);
    return chosen ?? otherwise;
  };
  return { text, number, choice, faults, notices };
}

/**
 * Sentences about variables that look like settings and are none. Kubernetes sets CHATKEEP_PORT and CHATKEEP_SERVICE_…
 * where a service has our name.
 */
function findUnknown(variables: Readonly<Record<string, string | undefined>>): string[] {
  const former = new Set(Object.values<Setting>(SETTINGS).map((setting) => setting.former));
  return Object.keys(variables)
    .filter((name) => /^CHATKEEP_(?!PORT(_|$)|SERVICE_)/.test(name))
    .filter((name) => !Object.hasOwn(SETTINGS, name) && !former.has(name))
    .map((name) => {
      const near = nearestOf(name, Object.keys(SETTINGS));
      const advice = near === undefined ? "See chatkeep serve --help." : `Did you mean ${near}?`;
      return `There is no setting ${name}. ${advice}`;
    });
}
