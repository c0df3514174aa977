import { describe, expect, it } from "vitest";
import { patientFetch, secondsIn, ServiceDown, withoutSecrets } from "#lib/pull/patient-fetch.js";
import { readPages, type Page } from "#lib/pull/read-pages.js";
import { csvLine } from "#lib/landing/csv-line.js";
import { ratesIn } from "#lib/shop/currency-source.js";
import { kinds, rowOf } from "#lib/shop/stripe/objects.js";
import { serve, type Fault } from "../services/stripe/faults.ts";

const patience = { service: "The shop", advice: "Ask again later.", requestsPerSecond: 1000 };

describe("a patient fetch", () => {
  const served = async (
    faults: (number: number) => Fault | undefined,
    work: (base: string) => Promise<void>,
  ) => {
    const service = await serve(() => ({ body: { answer: 42 } }));
    service.faults = faults;
    try {
      await work(service.base);
    } finally {
      await service.stop();
    }
    return service.requests.length;
  };

  it.each<Fault>([
    { kind: "torn" },
    { kind: "reset" },
    { kind: "status", status: 500 },
    { kind: "status", status: 429 },
    { kind: "slow", seconds: 1 },
  ])("asks again after %j", async (fault) => {
    const requests = await served(
      (number) => (number === 1 ? fault : undefined),
      async (base) => {
        const response = await patientFetch({ ...patience, timeout: 0.3 })(`${base}/x`);
        expect(await response.json()).toEqual({ answer: 42 });
      },
    );
    expect(requests).toBe(2);
  });

  it("does not ask again where that changes nothing", async () => {
    const requests = await served(
      () => ({ kind: "status", status: 403 }),
      async (base) => expect((await patientFetch(patience)(base)).status).toBe(403),
    );
    expect(requests).toBe(1);
  });

  it("waits as long as Retry-After says, in seconds or until a date", async () => {
    const began = Date.now();
    await served(
      (number) =>
        number === 1 ? { kind: "status", status: 429, headers: { "retry-after": "1" } } : undefined,
      async (base) => void (await patientFetch(patience)(base)),
    );
    expect(Date.now() - began).toBeGreaterThanOrEqual(990);
    const now = Date.parse("2026-11-27T08:00:00Z");
    expect(secondsIn("Fri, 27 Nov 2026 08:00:07 GMT", now)).toBe(7);
    expect(secondsIn("Fri, 27 Nov 2026 07:00:00 GMT", now)).toBe(0);
    expect(secondsIn("soon", now)).toBeUndefined();
  });

  it("gives up with a message that names the address without secrets, the attempts and the next step", async () => {
    await served(
      () => ({ kind: "status", status: 503 }),
      async (base) => {
        const asked = patientFetch({ ...patience, attempts: 2 })(`${base}/v1/charges?limit=100&key=hunter2`);
        await expect(asked).rejects.toThrow(ServiceDown);
        await expect(asked).rejects.toThrow(
          `The shop gave no answer to ${base}/v1/charges?limit=100&key=… in 2 attempts. The last one: it answered with status 503. Ask again later.`,
        );
      },
    );
  });

  it("does not wait for hours because it was asked to", async () => {
    await served(
      () => ({ kind: "status", status: 429, headers: { "retry-after": "7200" } }),
      async (base) =>
        expect(patientFetch(patience)(base)).rejects.toThrow(
          /in 1 attempt.*status 429, and asks to wait for 7200 s/,
        ),
    );
  });

  it("keeps to so many requests in a second", async () => {
    await served(
      () => undefined,
      async (base) => {
        const fetch = patientFetch({ ...patience, requestsPerSecond: 20 });
        const began = Date.now();
        await Promise.all(Array.from({ length: 11 }, () => fetch(base)));
        expect(Date.now() - began).toBeGreaterThanOrEqual(480);
      },
    );
  });

  it("ends at once when the step is to end", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("Interrupted")), 100);
    await served(
      () => ({ kind: "status", status: 500 }),
      async (base) =>
        expect(patientFetch({ ...patience, signal: stop.signal })(base)).rejects.toThrow("Interrupted"),
    );
  });
});

describe("addresses in messages", () => {
  it.each([
    [
      "https://me:hunter2@example.com/v1/x?from=2026-01-01&app_id=hunter2", // pragma: allowlist secret
      "https://example.com/v1/x?from=2026-01-01&app_id=…",
    ],
    ["https://example.com/v6/3f2504e04f8911d39a0c/latest", "https://example.com/v6/…/latest"],
    ["https://example.com/v1/2026-01-01..2026-02-01", "https://example.com/v1/2026-01-01..2026-02-01"],
  ])("have no secret: %s", (given, shown) => expect(withoutSecrets(given)).toBe(shown));
});

describe("pages", () => {
  const read = async (pages: readonly (Page | undefined)[]) => {
    const asked: (string | undefined)[] = [];
    const listing = readPages({
      ...patience,
      what: "charges",
      attempts: 2,
      page: (after) => Promise.resolve(pages[asked.push(after) - 1]),
      idOf: (item) => (typeof item === "string" ? item : undefined),
    });
    const items: unknown[] = [];
    for await (const page of listing) items.push(...page);
    return { items, asked };
  };

  it("follow each other by the last object with an id", async () => {
    const pages = [
      { items: ["a", "b", 7], hasMore: true },
      { items: ["c"], hasMore: false },
    ];
    expect(await read(pages)).toEqual({ items: ["a", "b", 7, "c"], asked: [undefined, "b"] });
  });

  it("that repeat what was there, or are none, are asked for again", async () => {
    const first = { items: ["a"], hasMore: true };
    expect(
      (await read([first, first, { items: ["b"], hasMore: true }, undefined, { items: [], hasMore: false }]))
        .items,
    ).toEqual(["a", "b"]);
  });

  it.each([
    [
      { items: ["a"], hasMore: true },
      "page 2 (after a) repeats objects of the pages before it in 2 attempts",
    ],
    [{ items: [], hasMore: true }, "page 2 (after a) is empty, though more should follow, in 2 attempts"],
    [
      { items: [7], hasMore: true },
      "page 2 (after a) holds no object with an id, though more should follow, in 2 attempts",
    ],
    [undefined, "page 2 (after a) is no list of objects in 2 attempts"],
  ])("that stay wrong are an error: %j", async (page, message) => {
    await expect(read([{ items: ["a"], hasMore: true }, page, page])).rejects.toThrow(
      `The shop, charges: ${message}`,
    );
  });
});

describe("rows", () => {
  it("are CSV that keeps quotes, lines and what is nothing", () => {
    expect(csvLine(["a", null, "", 'say "x"', "two\nlines", "a,b", " a"])).toBe(
      'a,,"","say ""x""","two\nlines","a,b"," a"\n',
    );
  });

  it("of Stripe's objects take ids where whole objects were sent, and drop the receipt's link", () => {
    const charge = {
      id: "ch_1",
      object: "charge",
      created: 1,
      amount: 100,
      payment_intent: { id: "pi_1" },
      metadata: { order_id: "O1" },
      receipt_url: "https://pay.stripe.com/1",
    };
    expect(rowOf(kinds.charges, charge, false)).toMatchObject({
      charge_id: "ch_1",
      payment_intent_id: "pi_1",
      order_id: "O1",
      currency: null,
      livemode: "false",
    });
    expect(rowOf(kinds.charges, charge, false)["value"]).not.toContain("receipt");
  });

  it.each([
    null,
    "text",
    [],
    { object: "refund", id: "re_1", created: 1 },
    { object: "charge", created: 1 },
    { object: "charge", id: "ch_1" },
  ])("of what is no charge keep the whole text and nothing else: %j", (item) => {
    const { value, ...columns } = rowOf(kinds.charges, item, true);
    expect(value).toBe(JSON.stringify(item));
    expect(new Set(Object.values(columns))).toEqual(new Set([null]));
  });
});

describe("documents of rates", () => {
  const row = (date: string, quote: string, rate: string) => ({ date, base: "EUR", quote, rate });

  it.each([
    ["a day", { base: "EUR", date: "2026-11-27", rates: { USD: 1.16, JPY: 0.00000012 } }],
    ["a range", { base: "EUR", rates: { "2026-11-27": { USD: 1.16, JPY: 0.00000012 } } }],
    [
      "a list",
      [
        { date: "2026-11-27", base: "EUR", quote: "USD", rate: 1.16 },
        { date: "2026-11-27", base: "EUR", quote: "JPY", rate: 0.00000012 },
      ],
    ],
  ])("are read as %s", (_, document) => {
    expect(ratesIn(document)).toEqual([
      row("2026-11-27", "USD", "1.16"),
      row("2026-11-27", "JPY", "0.00000012"),
    ]);
  });

  it("keep what is no rate, and are none without rates", () => {
    expect(ratesIn({ base: "EUR", date: "2026-11-27", rates: { USD: "n/a" } })).toEqual([
      row("2026-11-27", "USD", "n/a"),
    ]);
    const unreadable = (rate: string) => [{ date: null, base: null, quote: null, rate }];
    expect(ratesIn(["?"])).toEqual(unreadable('"?"'));
    for (const date of ["27.11.2026", "2026-13-01", "1764201600"])
      expect(ratesIn({ base: "EUR", date, rates: { USD: 1.16 } })).toEqual(
        unreadable(`{"date":"${date}","base":"EUR","quote":"USD","rate":1.16}`),
      );
    for (const none of [{}, "x", { rates: {} }, { base: "EUR", rates: { USD: 1.16 } }])
      expect(ratesIn(none), JSON.stringify(none)).toBeUndefined();
    expect(ratesIn({ base: "EUR", date: "2026-11-27", rates: {} })).toEqual([]);
  });

  it.each(["2026-11-27T23:30:00-05:00", "2026-11-27 16:00:00", "2026-11-27"])(
    "are of the day in %s",
    (date) => {
      expect(ratesIn({ base: "EUR", date, rates: { USD: 1.16 } })).toEqual([
        row("2026-11-27", "USD", "1.16"),
      ]);
    },
  );
});
