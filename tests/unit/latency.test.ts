import { describe, expect, it } from "vitest";
import { latencies } from "../../build/src/run/latency.ts";

describe("latencies", () => {
  it("are none before the first event", () => {
    expect(latencies().summary()).toBeUndefined();
  });

  it("have the median, the 95th percentile and the longest, in seconds, each event counted", () => {
    const found = latencies();
    for (let milliseconds = 100; milliseconds >= 1; milliseconds--) found.add(milliseconds, 1);
    expect(found.summary()).toEqual({ p50: 0.05, p95: 0.095, max: 0.1 });
    found.add(7000, 900);
    expect(found.summary()).toEqual({ p50: 7, p95: 7, max: 7 });
  });

  it("take a message from the future for one that took no time", () => {
    const found = latencies();
    found.add(-500, 1);
    expect(found.summary()).toEqual({ p50: 0, p95: 0, max: 0 });
  });
});
