import { expect, test } from "vitest";

import { ageOf } from "./age.ts";

const now = new Date(2026, 2, 31, 0, 30);
const at = (...[year, month, day, hour]: [number, number, number, number]): string =>
  ageOf(new Date(year, month, day, hour), now).kind;

test("days are counted from midnight to midnight of the viewer", () => {
  expect(at(2026, 2, 31, 0)).toBe("today");
  expect(at(2026, 2, 30, 23)).toBe("yesterday");
  expect(at(2026, 2, 30, 0)).toBe("yesterday");
  expect(at(2026, 2, 29, 23)).toBe("lastWeek");
  expect(at(2026, 2, 24, 1)).toBe("lastWeek");
  expect(at(2026, 2, 23, 23)).toBe("lastMonth");
  expect(at(2026, 2, 1, 0)).toBe("lastMonth");
  expect(at(2026, 1, 28, 23)).toBe("month");
  expect(at(2026, 0, 1, 0)).toBe("month");
  expect(at(2025, 11, 31, 23)).toBe("year");
});

test("a clock that is behind the server's still says today", () => {
  expect(at(2026, 3, 2, 0)).toBe("today");
});
