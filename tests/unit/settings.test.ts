import path from "node:path";
import { InputError, settings as settingsInForce } from "shopmetrics";
import { readSettings, useSettings, withAcceptLoss } from "#lib/settings.js";
import { describe, expect, it } from "vitest";

describe("settings", () => {
  it("have defaults below the project's root, wherever the process runs", () => {
    const settings = readSettings({}, "/project");
    expect(settings.home).toBe(path.resolve("/project/.shopmetrics"));
    expect(settings.landing).toBe(path.resolve("/project/.shopmetrics/landing"));
    expect(settings.engine).toBe("duckdb");
  });

  it("take an absolute home as it is and count an empty variable as not set", () => {
    expect(readSettings({ SHOPMETRICS_HOME: "/data", SHOPMETRICS_ENGINE: "" }, "/project").warehouse).toBe(
      "/data/warehouse.duckdb",
    );
  });

  it("name a malformed variable, its value and what is wrong with it, one line each", () => {
    const read = () =>
      readSettings(
        { SHOPMETRICS_ENGINE: "Oracle 19", SHOPMETRICS_MEMORY: "lots", SHOPMETRICS_LOCK_WAIT: "soon" },
        "/project",
      );
    expect(read).toThrow(InputError);
    expect(read).toThrow(
      new RegExp(
        "^SHOPMETRICS_ENGINE=Oracle 19: .*\\nSHOPMETRICS_MEMORY=lots: is not an amount of memory, such as 1.5GB or 800MB" +
          "\\nSHOPMETRICS_LOCK_WAIT=soon: is not a number of seconds$",
      ),
    );
  });
});

describe("settings of a registry of schemas", () => {
  const url = "https://registry.example.com/apis/ccompat/v7";
  const read = (given: Record<string, string>) =>
    readSettings({ SCHEMA_REGISTRY_URL: url, ...given }, "/project");

  it("are Kafka's too, and write Avro by themselves", () => {
    const { registry, kafka } = read({ KAFKA_BROKERS: "a:1", SCHEMA_REGISTRY_URL: `${url}/` });
    expect(registry).toEqual({ url, format: "avro" });
    expect(kafka?.registry).toEqual(registry);
    expect(readSettings({ SCHEMA_REGISTRY_FORMAT: "json" }, "/project").registry).toBeUndefined();
  });

  it.each([
    [{ SCHEMA_REGISTRY_URL: "registry:8081" }, /^SCHEMA_REGISTRY_URL=registry:8081: is not an address/],
    [{ SCHEMA_REGISTRY_URL: "https://ada:word@registry" }, /^SCHEMA_REGISTRY_URL=…: is more than an address/], // pragma: allowlist secret
    [{ SCHEMA_REGISTRY_FORMAT: "xml" }, /^SCHEMA_REGISTRY_FORMAT=xml: is neither avro nor json$/],
    [{ SCHEMA_REGISTRY_USERNAME: "ada" }, /^SCHEMA_REGISTRY_PASSWORD: is not set, but the other one is/],
  ])("are refused where they are malformed: %o", (given, message) => {
    expect(() => read(given)).toThrow(message);
  });
});

describe("settings of Kafka", () => {
  const read = (given: Record<string, string>) => readSettings(given, "/project");

  it("are there when brokers are named, with TLS as soon as there is a login", () => {
    expect(read({ KAFKA_TOPIC: "clicks" }).kafka).toBeUndefined();
    expect(read({ KAFKA_BROKERS: "a:1, b.example.com:9092" }).kafka).toEqual({
      brokers: ["a:1", "b.example.com:9092"],
      topic: "clickstream-events",
      tls: false,
      batchEvents: 50_000,
      batchSeconds: 0.2,
      acceptLoss: false,
    });
    const login = { KAFKA_USERNAME: "key", KAFKA_PASSWORD: "its-own-secret" }; // pragma: allowlist secret
    const cloud = read({ KAFKA_BROKERS: "a:1", ...login }).kafka;
    expect(cloud).toMatchObject({ tls: true, login: { username: "key" } });
    expect(read({ KAFKA_BROKERS: "a:1", ...login, KAFKA_TLS: "false" }).kafka?.tls).toBe(false);
  });

  it.each([
    [{ KAFKA_BROKERS: "localhost" }, /^KAFKA_BROKERS=localhost: is not a list of host:port/],
    [{ KAFKA_TOPIC: "a b" }, /^KAFKA_TOPIC=a b: is not a topic's name/],
    [{ KAFKA_USERNAME: "key" }, /^KAFKA_PASSWORD: is not set, but KAFKA_USERNAME is/],
    [{ KAFKA_TLS: "yes" }, /^KAFKA_TLS=yes: is neither true nor false$/],
    [{ KAFKA_BATCH_EVENTS: "many" }, /^KAFKA_BATCH_EVENTS=many: is not a number of events$/],
    [{ KAFKA_BATCH_SECONDS: "soon" }, /^KAFKA_BATCH_SECONDS=soon: is not a number of seconds$/],
  ])("that are malformed are one line each: %j", (given, message) => {
    expect(() => read({ KAFKA_BROKERS: "a:1", ...given })).toThrow(message);
  });

  it("never print a password", () => {
    const given = { KAFKA_BROKERS: "a:1", KAFKA_PASSWORD: "its-own-secret" }; // pragma: allowlist secret
    expect(() => read(given)).toThrow(/^KAFKA_USERNAME: is not set, but KAFKA_PASSWORD is: SASL needs both$/);
  });
});

describe("the currency that amounts are shown in", () => {
  it("is known by its code in upper case, as silver writes the currencies of amounts", () => {
    const { look, business } = readSettings({ SHOPMETRICS_CURRENCY: "gbp" }, "/project");
    expect([look.currency, business.ordersCurrency]).toEqual(["GBP", "GBP"]);
  });
});

describe("settings of services", () => {
  const read = (given: Record<string, string>) => readSettings(given, "/project");
  const key = (mode: string) => `rk_${mode}_1234567890`;

  it("are there when a key is, which says whose money it is", () => {
    expect(read({ STRIPE_OVERLAP_DAYS: "?" }).stripe).toBeUndefined();
    expect(read({ STRIPE_API_KEY: key("test"), STRIPE_API_BASE: "http://127.0.0.1:12111/" }).stripe).toEqual({
      key: key("test"),
      livemode: false,
      base: "http://127.0.0.1:12111",
      overlapDays: 90,
      requestsPerSecond: 20,
    });
    expect(read({ STRIPE_API_KEY: key("live") }).stripe).toMatchObject({
      livemode: true,
      base: "https://api.stripe.com",
    });
    const days = { STRIPE_FROM: "2026-03-01", STRIPE_TO: "2026-03-31" };
    expect(read({ STRIPE_API_KEY: key("test"), ...days }).stripe?.again).toEqual({
      from: "2026-03-01",
      to: "2026-03-31",
    });
    for (const [name, value] of [
      ["POSTGRES_URL", "postgres://me:hush@a.test:543290/shop"], // pragma: allowlist secret
      ["POSTGRES_URL", "postgres://me:hu/sh@a.test/shop"], // pragma: allowlist secret
      ["POSTGRES_URL", "postgres://me:hu%sh@a.test/shop"], // pragma: allowlist secret
      ["MONGODB_URL", "mongodb://me:hu%sh@a.test/shop"], // pragma: allowlist secret
    ] as const)
      expect(() => read({ [name]: value })).toThrow(
        new RegExp(`^${name}=…: (?:is not an address|has a % that begins no code)`),
      );
    expect(read({ POSTGRES_ROUTE: "full, orders=changes" }).business.routes).toEqual({
      "": "full",
      orders: "changes",
    });
    for (const value of ["full, incremental", "orders=full orders=changes"])
      expect(() => read({ POSTGRES_ROUTE: value })).toThrow(
        /POSTGRES_ROUTE=.* gives two words for (all tables|orders)/,
      );
    const address = "mongodb://me@a.test:1,b.test/shop?tls=false"; // pragma: allowlist secret
    const password = "a:b@c"; // pragma: allowlist secret
    expect(read({ MONGODB_URL: address, MONGODB_PASSWORD: password }).mongodb).toEqual({
      url: "mongodb://a.test:1,b.test/shop?tls=false",
      hosts: "a.test:1,b.test",
      database: "shop",
      user: "me",
      password,
      tls: true,
      route: "full",
      overlapMinutes: 60,
      acceptLoss: false,
    });
    const local = { MONGODB_URL: "mongodb://127.0.0.1:1", MONGODB_DATABASE: "x", MONGODB_ROUTE: "changes" };
    expect(read(local).mongodb).toMatchObject({ database: "x", tls: false, route: "changes" });
    const url = "https://example.com/{from}..{to}";
    expect(read({ CURRENCY_RATES_URL: url }).currencyRates).toEqual({ url, since: "2022-01-01" });
  });

  it.each([
    [{ STRIPE_API_KEY: "pk_test_123" }, /^STRIPE_API_KEY=…: is not a secret or restricted key of Stripe/], // pragma: allowlist secret
    [{ STRIPE_API_BASE: "stripe" }, /^STRIPE_API_BASE=stripe: is not an address/],
    [{ STRIPE_FROM: "2026-03-01" }, /^STRIPE_TO: is not set, but the other one is: give both days$/],
    [{ STRIPE_FROM: "2026-03-02", STRIPE_TO: "2026-03-01" }, /^STRIPE_TO=2026-03-01: is before STRIPE_FROM/],
    [{ STRIPE_OVERLAP_DAYS: "0.5" }, /^STRIPE_OVERLAP_DAYS=0.5: is not a whole number of days$/],
    [{ STRIPE_REQUESTS_PER_SECOND: "0" }, /^STRIPE_REQUESTS_PER_SECOND=0: is not above 0$/],
    [{ STRIPE_API_BASE: "http://me:hunter2@x" }, /^STRIPE_API_BASE=…: is more than an address's beginning/], // pragma: allowlist secret
    [
      { STRIPE_API_BASE: "http://x/stripe" },
      /^STRIPE_API_BASE=http:\/\/x\/stripe: is more than .*leave out login, path and query$/,
    ],
    [{ MONGODB_URL: "https://me:hunter2@x/shop" }, /^MONGODB_URL=…: is not an address/], // pragma: allowlist secret
    [{ MONGODB_URL: "mongodb://me:hunter2@x" }, /^MONGODB_DATABASE: is not set/], // pragma: allowlist secret
    [
      { MONGODB_URL: "mongodb://x/shop", MONGODB_ROUTE: "exports" },
      /^MONGODB_ROUTE=exports: is none of full, incremental and changes$/,
    ],
    [{ CURRENCY_RATES_URL: "ftp://me:hunter2@x" }, /^CURRENCY_RATES_URL=…: is not an address/], // pragma: allowlist secret
    [{ CURRENCY_RATES_URL: "https://me:hunter2@x" }, /^CURRENCY_RATES_URL=…: has a login before the host/], // pragma: allowlist secret
  ])("that are malformed are one line each, without a secret: %j", (given, message) => {
    expect(() => read({ STRIPE_API_KEY: key("test"), ...given })).toThrow(message);
  });
});

describe("settings in force", () => {
  const given = readSettings({ KAFKA_BROKERS: "a:1" }, "/project");

  it("are those of the environment until others are set, and again when they are restored", () => {
    const restore = useSettings(withAcceptLoss(given, true));
    expect(settingsInForce().kafka).toMatchObject({ brokers: ["a:1"], acceptLoss: true });
    restore();
    expect(settingsInForce()).toEqual(readSettings());
  });

  it("accept a loss without a change of what they were made of", () => {
    expect(withAcceptLoss(given, true).kafka?.acceptLoss).toBe(true);
    expect(given.kafka?.acceptLoss).toBe(false);
    expect(withAcceptLoss(readSettings({}, "/project"), true).kafka).toBeUndefined();
  });
});
