import { afterAll, beforeAll, describe } from "vitest";

import { describeBranches } from "./branches.ts";
import { describeContinueAnswer } from "./continue-answer.ts";
import { describeConversations } from "./conversations.ts";
import { describeDeletedMessages } from "./deleted-messages.ts";
import { describeDeletion } from "./deletion.ts";
import { describeErasure } from "./erasure.ts";
import { describeFeedback } from "./feedback.ts";
import { describeFiles } from "./files.ts";
import type { HistoryFixture, OpenedFixture } from "./fixture.ts";
import { describeForks } from "./forks.ts";
import { describeIsolation } from "./isolation.ts";
import { describeListing } from "./listing.ts";
import { describeMessages } from "./messages.ts";
import { describeOutage } from "./outage.ts";
import { describePaging } from "./paging.ts";
import { describePersonalData } from "./personal-data.ts";
import { describeQueue } from "./queue.ts";
import { describeRegenerate } from "./regenerate.ts";
import { describeRetries } from "./retries.ts";
import { describeRoundTrip } from "./roundtrip.ts";
import { describeSearch } from "./search.ts";
import { describeShares } from "./shares.ts";
import { describeStreams } from "./streams.ts";
import { describeTags } from "./tags.ts";
import { describeToolResults } from "./tool-results.ts";
import { describeTree } from "./tree.ts";
import { describeTurns } from "./turns.ts";
import { describeUsage } from "./usage.ts";
import { describeVersions } from "./versions.ts";
import { describeWaiting } from "./waiting.ts";
import { describeWhileRunning } from "./while-running.ts";

export { describeFiles } from "./files.ts";
export { ask, collect } from "./fixture.ts";
export type { HistoryFixture } from "./fixture.ts";

/** Opens the fixture of a suite, once, before its first test. */
export type OpenFixture = () => Promise<HistoryFixture>;

const PARTS = [
  describeConversations,
  describeListing,
  describeTags,
  describeMessages,
  describePaging,
  describeTurns,
  describeStreams,
  describeRetries,
  describeToolResults,
  describeContinueAnswer,
  describeWaiting,
  describeQueue,
  describeDeletion,
  describeVersions,
  describeFeedback,
  describeRegenerate,
  describeBranches,
  describeForks,
  describeDeletedMessages,
  describeTree,
  describeWhileRunning,
  describeSearch,
  describeErasure,
  describePersonalData,
  describeFiles,
  describeShares,
  describeUsage,
  describeIsolation,
  describeOutage,
  describeRoundTrip,
];

/**
 * The contract of `History`: a test for each sentence of its comments and of its data types. It runs over
 * every implementation; what is opened here serves all its tests, which keep apart by owner. `parts`: default all.
 */
export function describeHistory(
  name: string,
  open: OpenFixture,
  parts: readonly ((open: OpenedFixture) => void)[] = PARTS,
): void {
  describe(`History: ${name}`, () => {
    let fixture: HistoryFixture | undefined;
    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture?.close());
    const opened = (): HistoryFixture => {
      if (fixture === undefined) throw new Error("The fixture is open only while tests run.");
      return fixture;
    };

    for (const describePart of parts) describePart(opened);
  });
}
