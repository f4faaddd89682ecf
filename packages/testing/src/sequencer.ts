import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest, some of them mostly waiting: at the end they would keep one core idle. */
const LONG = [
  "chatkeep/test/next",
  "chatkeep/test/runtimes",
  "docusaurus/test/site",
  "bench/test/chaos",
  "react/test/components",
  "server/test/isolation.test",
  "chatkeep/test/database",
  "core/test/plans-skewed",
  "chatkeep/test/page",
  "chatkeep/test/guide",
  "server/test/contract",
  "widget/test/widget",
  "chatkeep/test/serve",
  "core/test/platforms",
  "core/test/contract",
  "core/test/backup",
  "core/test/uninstall",
  "core/test/hostile-responders",
];

/** Long files first, then as Vitest has them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = LONG.findIndex((name) => moduleId.includes(name));
      return place === -1 ? LONG.length : place;
    };
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
