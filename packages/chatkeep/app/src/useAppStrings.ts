import { type Context, createContext, useContext } from "react";

import { APP_ENGLISH } from "./strings/en.ts";
import type { AppStrings } from "./strings/strings.ts";

/** Gives the parts of the app their texts. */
export const AppStringsContext: Context<AppStrings> = createContext(APP_ENGLISH);

/** The texts of the chosen language. */
export function useAppStrings(): AppStrings {
  return useContext(AppStringsContext);
}
