import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { during } from "../../build/src/run/running-line.ts";

const isTty = Object.getOwnPropertyDescriptor(process.stdout, "isTTY");
let shown: string[];

beforeEach(() => {
  vi.stubEnv("CI", "");
  vi.useFakeTimers();
  shown = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => shown.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllEnvs();
  if (isTty) Object.defineProperty(process.stdout, "isTTY", isTty);
  else delete (process.stdout as { isTTY?: boolean }).isTTY;
});

const terminal = (value: boolean) =>
  Object.defineProperty(process.stdout, "isTTY", { value, configurable: true });

const work = () =>
  during("generating", async (now) => {
    await vi.advanceTimersByTimeAsync(500);
    now("file 1 of 2,");
    await vi.advanceTimersByTimeAsync(1250);
    return 7;
  });

it("a terminal shows what is done and for how long, and nothing of it in the end", async () => {
  terminal(true);
  expect(await work()).toBe(7);
  expect(shown).toContain("… generating 0.50 s");
  expect(shown).toContain("… file 1 of 2, 1.25 s");
  expect(shown.at(-1)).toBe("\r\u001b[2K");
});

it("a log shows nothing", async () => {
  terminal(false);
  expect(await work()).toBe(7);
  expect(shown).toEqual([]);
});
