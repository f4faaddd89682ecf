import { useEffect, useState } from "react";

/** How the loading of something stands. */
export type Loaded<Value> =
  | { readonly status: "loading" }
  | { readonly status: "loaded"; readonly value: Value }
  | { readonly status: "failed"; readonly retry: () => void };

/** What `load` gives, a module mostly, from when a component with it is first shown. `load` must stay the same function. */
export function useLoaded<Value>(load: () => Promise<Value>): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ status: "loading" });
  useEffect(() => {
    const begin = (): void => {
      setLoaded({ status: "loading" });
      load().then(
        (value) => setLoaded({ status: "loaded", value }),
        () => setLoaded({ status: "failed", retry: begin }),
      );
    };
    begin();
  }, [load]);
  return loaded;
}
