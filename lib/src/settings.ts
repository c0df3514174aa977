import { userInfo } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { InputError } from "./errors.js";

export { InputError, isShortOfMemory, messageFor, printable } from "./errors.js";

const seconds = z.coerce.number("is not a number of seconds").min(0).max(86_400);

const isCurrency = (value: string) =>
  isKnown(() => Intl.NumberFormat("en", { style: "currency", currency: value }));
const notACurrency = { message: "is not a currency's code of three letters, such as EUR or USD" };

const routeNames = ["exports", "full", "incremental", "changes"] as const;

/**
 * How rows of a source come in: as landed exports; or from its database, read as a whole, read by what was updated, or as a stream of
 * changes.
 */
export type Route = (typeof routeNames)[number];

/** A word for all tables, and after it `table=word` for others: `incremental, products=full`. */
const routes = z.string().transform((value, context) => {
  const found: Record<string, Route> = {};
  for (const part of value.split(/[,\s]+/).filter(Boolean)) {
    const [, name, word] = /^(?:(\w+)=)?(\w+)$/.exec(part) ?? [];
    const route = routeNames.find((known) => known === word);
    if (route === undefined) {
      context.issues.push({
        code: "custom",
        input: value,
        message: `is not a list such as incremental, products=full: the words are ${routeNames.join(", ")}`,
      });
      return z.NEVER;
    }
    if (found[name ?? ""] !== undefined) {
      const what = name === undefined ? "gives two words for all tables" : `gives two words for ${name}`;
      context.issues.push({ code: "custom", input: value, message: `${what}; say one` });
      return z.NEVER;
    }
    found[name ?? ""] = route;
  }
  return found;
});

const environment = z.object({
  SHOPMETRICS_HOME: z.string().min(1).default(".shopmetrics"),
  SHOPMETRICS_ENGINE: z
    .string()
    .regex(/^[a-z][a-z0-9]*$/, "is not an engine's name")
    .default("duckdb"),
  SHOPMETRICS_MEMORY: z
    .string()
    .regex(/^\d+(\.\d+)? ?[MG]i?B$/, "is not an amount of memory, such as 1.5GB or 800MB")
    .default("1GB"),
  SHOPMETRICS_LOCK_WAIT: seconds.default(600),
  SHOPMETRICS_IDLE: seconds.default(2),
  SHOPMETRICS_KEEP_DAYS: z.coerce
    .number("is not a number of days")
    .int("is not a whole number of days")
    .min(1)
    .max(3650)
    .default(30),
  SHOPMETRICS_CATALOG: z
    .string()
    .regex(/^\w+$/, "is not a catalog's name: letters, digits and _")
    .default("ecommerce"),
  SHOPMETRICS_CURRENCY: z.string().refine(isCurrency, notACurrency).default("EUR"),
  SHOPMETRICS_LOCALE: z
    .string()
    .refine((value) => isKnown(() => Intl.getCanonicalLocales(value)), {
      message: "is not a locale, such as en-GB, en-US or de-DE",
    })
    .default("en-GB"),
  SHOPMETRICS_SHOP: z.string().trim().min(1).max(60, "is longer than 60 characters").default("ShopMetrics"),
  SHOPMETRICS_ORDERS_CURRENCY: z.string().refine(isCurrency, notACurrency).optional(),
  SHOPMETRICS_COUNTRY: z
    .string()
    .regex(/^[A-Za-z]{2}$/, "is not a country's code of two letters, such as DE or GB")
    .default("DE"),
  SHOPMETRICS_FISCAL_YEAR_START: z.coerce
    .number("is not the number of a month")
    .int("is not the number of a month")
    .min(1)
    .max(12)
    .default(1),
  POSTGRES_ROUTE: z.string().default("exports").pipe(routes),
  POSTGRES_TOPICS: z
    .string()
    .regex(/^[\w.-]{1,200}$/, "is not how topics begin: letters, digits, '.', '_' and '-'")
    .default("shop.public"),
  SHOPMETRICS_DEV: z
    .string()
    .regex(/^\w{1,60}$/, "is not a name for your own tables: letters, digits and _, or off")
    .optional(),
});

function isKnown(use: () => unknown): boolean {
  try {
    use();
    return true;
  } catch {
    return false;
  }
}

const host = z
  .string("is not set: the workspace's host, such as adb-1234.5.azuredatabricks.net")
  .transform((value) => value.replace(/^https:\/\//, "").replace(/\/$/, ""))
  .refine(
    (value) => /^[\w.-]+(?::\d{1,5})?$/.test(value),
    "is not a host, such as adb-1234.5.azuredatabricks.net",
  );

/** Needed only for the databricks engine. */
const workspace = z.object({
  DATABRICKS_HOST: host,
  DATABRICKS_TOKEN: z
    .string("is not set: an access token of the workspace")
    .regex(/^[\x21-\x7e]+$/, "holds characters that no token has"),
  DATABRICKS_HTTP_PATH: z
    .string("is not set: the HTTP path from the SQL warehouse's Connection details")
    .regex(
      /^\/?sql\/[\w./-]+(?:\?o=\d+)?$/,
      "is not the HTTP path of a SQL warehouse, such as /sql/1.0/warehouses/1a2b3c",
    ),
});

/** A SQL warehouse of a Databricks workspace. */
interface Workspace {
  /** May carry a port. */
  readonly host: string;
  /** Never to be printed. */
  readonly token: string;
  readonly httpPath: string;
}

const brokers = z
  .string()
  .transform((value) => value.split(",").map((address) => address.trim()))
  .refine(
    (list) => list.every((address) => /^(?:[\w.-]+|\[[\da-fA-F:]+\]):\d{1,5}$/.test(address)),
    "is not a list of host:port, such as 127.0.0.1:9092 or pkc-1234.eu-west-1.aws.confluent.cloud:9092",
  );

const yesOrNo = z.enum(["true", "false"], "is neither true nor false").transform((value) => value === "true");

/** What is wrong with a setting, for a check of several. */
const issueOf = (name: string, message: string) => ({
  code: "custom" as const,
  input: undefined,
  path: [name],
  message,
});

/** Of two settings that belong together: the one that is missing and the one that is there; nothing where both or neither are. */
function halfOf<A extends string, B extends string>(
  value: { readonly [Name in A | B]?: string | undefined },
  first: A,
  second: B,
): readonly [missing: A | B, given: A | B] | readonly [] {
  const [a, b] = [value[first] === undefined, value[second] === undefined];
  if (a === b) return [];
  return a ? [first, second] : [second, first];
}

/** Used when KAFKA_BROKERS is set. */
const kafka = z
  .object({
    KAFKA_BROKERS: brokers,
    KAFKA_TOPIC: z
      .string()
      .regex(/^(?!\.{1,2}$)[\w.-]{1,249}$/, "is not a topic's name: letters, digits, '.', '_' and '-'")
      .default("clickstream-events"),
    KAFKA_USERNAME: z.string().optional(),
    KAFKA_PASSWORD: z.string().optional(),
    KAFKA_TLS: yesOrNo.optional(),
    KAFKA_BATCH_EVENTS: z.coerce
      .number("is not a number of events")
      .int("is not a whole number of events")
      .min(1)
      .max(1_000_000)
      .default(50_000),
    KAFKA_BATCH_SECONDS: z.coerce.number("is not a number of seconds").min(0).max(3600).default(0.2),
    KAFKA_ACCEPT_LOSS: yesOrNo.default(false),
  })
  .check(({ value, issues }) => {
    const [half, other] = halfOf(value, "KAFKA_USERNAME", "KAFKA_PASSWORD");
    if (half) issues.push(issueOf(half, `is not set, but ${other} is: SASL needs both`));
  });

/** Used when SCHEMA_REGISTRY_URL is set. */
const registry = z
  .object({
    SCHEMA_REGISTRY_URL: z
      .url({
        protocol: /^https?$/,
        error: "is not an address, such as http://127.0.0.1:8081/apis/ccompat/v7",
      })
      .refine(
        (value) => !hasLogin(value) && !/[?#]/.test(value),
        "is more than an address: the login stands in SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD",
      ),
    SCHEMA_REGISTRY_USERNAME: z.string().optional(),
    SCHEMA_REGISTRY_PASSWORD: z.string().optional(),
    SCHEMA_REGISTRY_FORMAT: z.enum(["avro", "json"], "is neither avro nor json").default("avro"),
  })
  .check(({ value, issues }) => {
    const [half] = halfOf(value, "SCHEMA_REGISTRY_USERNAME", "SCHEMA_REGISTRY_PASSWORD");
    if (half) issues.push(issueOf(half, "is not set, but the other one is: a login needs both"));
  });

const day = z.iso.date("is not a date, such as 2026-03-01");
const perSecond = z.coerce.number("is not a number of requests").gt(0, "is not above 0").max(1000);

/** Used when STRIPE_API_KEY is set. */
const stripe = z
  .object({
    STRIPE_API_KEY: z
      .string()
      .regex(
        /^(?:sk|rk)_(?:org_)?(?:test|live)_[\w.-]+$/,
        "is not a secret or restricted key of Stripe: sk_test_…, rk_test_…, sk_live_… or rk_live_…",
      ),
    STRIPE_API_BASE: z
      .url({ protocol: /^https?$/, error: "is not an address, such as http://127.0.0.1:12111" })
      .refine(
        (value) => /^https?:\/\/[^/?#@]+\/?$/.test(value),
        "is more than an address's beginning, such as http://127.0.0.1:12111: leave out login, path and query",
      )
      .default("https://api.stripe.com"),
    STRIPE_OVERLAP_DAYS: z.coerce
      .number("is not a number of days")
      .int("is not a whole number of days")
      .min(1)
      .max(3650)
      .default(90),
    STRIPE_REQUESTS_PER_SECOND: perSecond.default(20),
    STRIPE_FROM: day.optional(),
    STRIPE_TO: day.optional(),
  })
  .check(({ value, issues }) => {
    const { STRIPE_FROM: from, STRIPE_TO: to } = value;
    const [half] = halfOf(value, "STRIPE_FROM", "STRIPE_TO");
    if (half) issues.push(issueOf(half, "is not set, but the other one is: give both days"));
    else if (from !== undefined && to! < from)
      issues.push(issueOf("STRIPE_TO", `is before STRIPE_FROM=${from}`));
  });

/** Used when CURRENCY_RATES_URL is set. */
const currencyRates = z.object({
  CURRENCY_RATES_URL: z
    .string()
    .refine((value) => /^https?:$/.test(protocolOf(value)), "is not an address that begins with https://")
    .refine(
      (value) => !hasLogin(value),
      "has a login before the host, which no request can carry: give what the service asks for as a parameter",
    ),
  CURRENCY_RATES_SINCE: day.default("2022-01-01"),
});

const overlapMinutes = z.coerce
  .number("is not a number of minutes")
  .int("is not a whole number of minutes")
  .min(0)
  .max(43_200)
  .default(60);

const undecodable = "has a % that begins no code of two digits: write %25 for the sign itself";

/** Whether each % of an address begins a code. */
const isDecodable = (value: string) => isKnown(() => decodeURIComponent(value));

/** Used when POSTGRES_URL is set. */
const postgres = z.object({
  POSTGRES_URL: z
    .url({
      protocol: /^postgres(?:ql)?$/,
      error: "is not an address, such as postgres://reader@db.example.com:5432/shop",
    })
    .refine((value) => {
      // What is no URL at all is said above, without the value, which may hold a password.
      if (!URL.canParse(value)) return true;
      const { username, pathname, search, hash } = new URL(value);
      return username !== "" && /^\/[^/]+$/.test(pathname) && search === "" && hash === "";
    }, "is not a user, a host and a database, such as postgres://reader@db.example.com:5432/shop")
    .refine(isDecodable, undecodable),
  POSTGRES_PASSWORD: z.string().optional(),
  POSTGRES_TLS: yesOrNo.optional(),
  POSTGRES_SLOT: z.string().trim().optional(),
  POSTGRES_SCHEMA: z
    .string()
    .regex(/^[A-Za-z_]\w{0,62}$/, "is not a schema's name")
    .default("public"),
  POSTGRES_OVERLAP_MINUTES: overlapMinutes,
  POSTGRES_COMPARE_HOURS: z.coerce.number("is not a number of hours").min(0).max(8760).default(20),
  POSTGRES_ACCEPT_LOSS: yesOrNo.default(false),
});

/** What connects to MongoDB: a login, hosts, a database and options. There may be several hosts, so it is no URL. */
const mongoAddress =
  /^(mongodb(?:\+srv)?):\/\/(?:([^:@/?#]+)(?::([^@/?#]*))?@)?([\w.:,[\]-]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** Used when MONGODB_URL is set. */
const mongodb = z
  .object({
    MONGODB_URL: z
      .string()
      .regex(mongoAddress, "is not an address, such as mongodb://reader@db.example.com:27017/shop")
      .refine(isDecodable, undecodable),
    MONGODB_PASSWORD: z.string().optional(),
    MONGODB_DATABASE: z
      .string()
      .regex(/^[^\s/\\."$]{1,63}$/, "is not a database's name")
      .optional(),
    MONGODB_ROUTE: z
      .enum(["full", "incremental", "changes"], "is none of full, incremental and changes")
      .default("full"),
    MONGODB_OVERLAP_MINUTES: overlapMinutes,
    MONGODB_ACCEPT_LOSS: yesOrNo.default(false),
  })
  .check(({ value, issues }) => {
    const [, , , , , database] = mongoAddress.exec(value.MONGODB_URL) ?? [];
    if (database || value.MONGODB_DATABASE !== undefined) return;
    issues.push(issueOf("MONGODB_DATABASE", "is not set, and MONGODB_URL names no database behind the host"));
  });

const hasLogin = (value: string) => /^[^/]*\/\/[^/?#]*@/.test(value);

const protocolOf = (value: string) => (URL.canParse(value) ? new URL(value).protocol : "");

/** The account at Stripe whose objects are landed, and how. */
export interface StripeSettings {
  /** Never to be printed. */
  readonly key: string;
  /** Whether the key is one of live mode, so real money. */
  readonly livemode: boolean;
  /** Where the API is, without a slash at the end. */
  readonly base: string;
  /** How many days before the newest object held are read again, for what has changed since. */
  readonly overlapDays: number;
  readonly requestsPerSecond: number;
  /** Days that are read again as well, both included. */
  readonly again?: { readonly from: string; readonly to: string };
}

/** Where exchange rates are fetched. */
export interface CurrencyRatesSettings {
  /** With {from}, {to} and {base} where the dates and the currency stand. May hold a key: never printed whole. */
  readonly url: string;
  /** The first day that is asked for. */
  readonly since: string;
}

/** A PostgreSQL database whose tables are read. */
export interface PostgresSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Never to be printed. */
  readonly password?: string;
  /** Whether the connection is encrypted, and the server's certificate checked: by default where it is not on this machine. */
  readonly tls: boolean;
  readonly schema: string;
  /** The replication slot of change data capture, where the database has several. */
  readonly slot: string;
  /** How long a transaction may last whose changes an incremental extraction must not miss, in minutes. */
  readonly overlapMinutes: number;
  /** After how many hours the tables are counted again, for a check that compares them with silver. */
  readonly compareHours: number;
  /** Whether a person has accepted that most rows of a table are gone. */
  readonly acceptLoss: boolean;
}

/** A registry of the schemas of messages, which speaks Confluent's API. */
export interface RegistrySettings {
  /** Without a slash at the end. */
  readonly url: string;
  readonly login?: {
    readonly username: string;
    /** Never to be printed. */
    readonly password: string;
  };
  /** In which form our own messages are written. */
  readonly format: "avro" | "json";
}

/** A database of MongoDB of which a collection is read. */
export interface MongoSettings {
  /** The address without a login, with its options. */
  readonly url: string;
  /** Each `host:port`, with commas between them. */
  readonly hosts: string;
  readonly database: string;
  readonly user?: string;
  /** Never to be printed. */
  readonly password?: string;
  /** Whether the connection is encrypted, unless the address says it itself: by default where it is not on this machine. */
  readonly tls: boolean;
  /** Read as a whole, read by what was updated, or as a stream of changes. */
  readonly route: Exclude<Route, "exports">;
  /** How much later than it says a document may appear that an incremental extraction must not miss, in minutes. */
  readonly overlapMinutes: number;
  /** Whether a person has accepted that most documents are gone. */
  readonly acceptLoss: boolean;
}

/** The topic of the clickstream, and how it is read. */
export interface KafkaSettings {
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  readonly topic: string;
  /** SASL/PLAIN: on Confluent Cloud an API key and its secret. */
  readonly login?: {
    readonly username: string;
    /** Never to be printed. */
    readonly password: string;
  };
  /** Whether the connection is encrypted: by default when there is a login. */
  readonly tls: boolean;
  /** The most events that a landed file holds. */
  readonly batchEvents: number;
  /** How many seconds live mode gathers events before it takes them in. */
  readonly batchSeconds: number;
  /** Whether a person has accepted that events which Kafka no longer holds are missing from here on. */
  readonly acceptLoss: boolean;
  /** Set when SCHEMA_REGISTRY_URL is: then messages name their schema, and are written and read by it. */
  readonly registry?: RegistrySettings;
}

/** Where things are and which engine is used. */
export interface Settings {
  /** The project's root. */
  readonly root: string;
  /** Everything that runs make: SHOPMETRICS_HOME, by default `.shopmetrics` in the root. */
  readonly home: string;
  /** Where exports land. */
  readonly landing: string;
  /** Where pages of the dashboard export what they draw. */
  readonly snapshots: string;
  /** The embedded engine's one file. */
  readonly warehouse: string;
  /** The most memory that the embedded engine takes for its tables, such as 1GB; what does not fit is kept on disk meanwhile. */
  readonly memory: string;
  /** An engine's name. Whether there is one of that name shows when it is opened. */
  readonly engine: string;
  /** Unity Catalog's catalog that holds the schemas bronze, silver, gold and ops. */
  readonly catalog: string;
  /** What pages show: the code of the currency that amounts are in, the locale of numbers and dates, and the shop's name. */
  readonly look: { readonly currency: string; readonly locale: string; readonly shop: string };
  /**
   * How figures are made: the currency of orders that no payment names one for, the country whose public holidays the calendar
   * has, and the month (1–12) in which the fiscal year starts.
   */
  readonly business: {
    readonly ordersCurrency: string;
    readonly country: string;
    readonly fiscalYearStart: number;
    /** How the rows of a table of the shop's database come in, by its name; under "" those of the others. */
    readonly routes: Readonly<Record<string, Route>>;
  };
  /** Whose tables a notebook in Jupyter works on, `dev_<name>`; undefined for the warehouse's own. */
  readonly developer: string | undefined;
  /** A SQL warehouse, where the environment names one whole; see `workspaceOf`. */
  readonly workspace?: Workspace;
  /** What is wrong with the environment's words about a SQL warehouse; only its engine minds. */
  readonly workspaceProblem?: string;
  /** Set when KAFKA_BROKERS is: then runs read the topic. */
  readonly kafka?: KafkaSettings;
  /** Set when SCHEMA_REGISTRY_URL is; those of Kafka have it too. */
  readonly registry?: RegistrySettings;
  /** Set when STRIPE_API_KEY is: then runs read what is new at Stripe. */
  readonly stripe?: StripeSettings;
  /** Set when CURRENCY_RATES_URL is: then runs fetch exchange rates. */
  readonly currencyRates?: CurrencyRatesSettings;
  /** How the topics of change data capture begin; behind a dot comes the table's name, as Debezium has it. */
  readonly changeTopics: string;
  /** Set when POSTGRES_URL is: then runs read what is new in the shop's database. */
  readonly postgres?: PostgresSettings;
  /** Set when MONGODB_URL is: then runs read what is new among the shop's reviews. */
  readonly mongodb?: MongoSettings;
  /** How long a warehouse held by another process is waited for, in seconds. */
  readonly lockWait: number;
  /** After how many idle seconds a notebook gives the warehouse back. */
  readonly idle: number;
  /** For how many days the records of runs and their lineage are kept. */
  readonly keepDays: number;
}

/** The folder that holds package.json, notebooks/ and lib/. */
export const projectRoot = path.resolve(fileURLToPath(new URL(".", import.meta.url)), "../..");

/**
 * Reads the settings from the environment; what is not set has a default. A relative SHOPMETRICS_HOME is relative to
 * the project's root, wherever the command or the notebook runs.
 *
 * @throws InputError with one line for each setting that is malformed
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env, root = projectRoot): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = parse(environment, given);
  const home = path.resolve(root, parsed.SHOPMETRICS_HOME);
  const ofRegistry = readRegistry(given);
  return {
    root,
    home,
    landing: path.join(home, "landing"),
    snapshots: path.join(home, "snapshots"),
    warehouse: warehouseFile({ home }),
    memory: parsed.SHOPMETRICS_MEMORY,
    engine: parsed.SHOPMETRICS_ENGINE,
    lockWait: parsed.SHOPMETRICS_LOCK_WAIT,
    idle: parsed.SHOPMETRICS_IDLE,
    keepDays: parsed.SHOPMETRICS_KEEP_DAYS,
    catalog: parsed.SHOPMETRICS_CATALOG,
    look: {
      currency: parsed.SHOPMETRICS_CURRENCY.toUpperCase(),
      locale: parsed.SHOPMETRICS_LOCALE,
      shop: parsed.SHOPMETRICS_SHOP,
    },
    business: {
      ordersCurrency: (parsed.SHOPMETRICS_ORDERS_CURRENCY ?? parsed.SHOPMETRICS_CURRENCY).toUpperCase(),
      country: parsed.SHOPMETRICS_COUNTRY.toUpperCase(),
      fiscalYearStart: parsed.SHOPMETRICS_FISCAL_YEAR_START,
      routes: parsed.POSTGRES_ROUTE,
    },
    changeTopics: parsed.POSTGRES_TOPICS,
    developer: parsed.SHOPMETRICS_DEV === "off" ? undefined : (parsed.SHOPMETRICS_DEV ?? userName()),
    ...readWorkspace(given),
    ...(given["KAFKA_BROKERS"] !== undefined && { kafka: { ...readKafka(given), ...ofRegistry } }),
    ...ofRegistry,
    ...(given["STRIPE_API_KEY"] !== undefined && { stripe: readStripe(given) }),
    ...(given["CURRENCY_RATES_URL"] !== undefined && { currencyRates: readCurrencyRates(given) }),
    ...(given["POSTGRES_URL"] !== undefined && { postgres: readPostgres(given) }),
    ...(given["MONGODB_URL"] !== undefined && { mongodb: readMongo(given) }),
  };
}

/** What these settings let a run ask besides landed files, as notebooks name it among their sources. */
export function asksOutside(
  { kafka, stripe, currencyRates, postgres, mongodb }: Settings,
  source: string,
): boolean {
  if (source.startsWith("landing/")) return false;
  if (source.startsWith("kafka/")) return kafka !== undefined;
  const known = new Map<string, unknown>([
    ["service/stripe", stripe],
    ["service/currency_rates", currencyRates],
    ["service/postgres", postgres],
    ["service/mongodb", mongodb],
  ]);
  return !known.has(source) || known.get(source) !== undefined;
}

let inForce: Settings | undefined;

/** Makes these the settings that notebooks see, and returns a function that restores the previous ones. */
export function useSettings(settings: Settings): () => void {
  const before = inForce;
  inForce = settings;
  return () => {
    inForce = before;
  };
}

/** The settings in force: where landed files and the warehouse are, and which engine is used. */
export const settings = (): Settings => inForce ?? readSettings();

/** What is older than this may go: records of runs and their lineage. */
export const keptFrom = ({ keepDays }: Pick<Settings, "keepDays">, now: Date): Date =>
  new Date(now.getTime() - keepDays * 86_400_000);

/** The same settings, with the loss of events that Kafka no longer holds, and of most rows of a source, accepted or not. */
export const withAcceptLoss = (given: Settings, acceptLoss: boolean): Settings => ({
  ...given,
  ...(given.kafka && { kafka: { ...given.kafka, acceptLoss } }),
  ...(given.postgres && { postgres: { ...given.postgres, acceptLoss } }),
  ...(given.mongodb && { mongodb: { ...given.mongodb, acceptLoss } }),
});

/** The user as a part of a file's or a catalog's name. */
function userName(): string {
  try {
    return userInfo().username.replaceAll(/\W/g, "_").slice(0, 60) || "developer";
  } catch {
    return "developer"; // a container's user need not have a name
  }
}

const run = z.object({
  SHOPMETRICS_RUN_ID: z.string().optional(),
  SHOPMETRICS_DATE: z.iso.date("is not a date, such as 2026-03-01").optional(),
  SHOPMETRICS_STATES: z.string().default(""),
  SHOPMETRICS_FORGET: z.string().default(""),
  SHOPMETRICS_FORGET_PROVES: yesOrNo.default(false),
});

/** The run that a task belongs to. */
interface Run {
  readonly runId: string;
  readonly date: string;
  /** How the job's earlier tasks have ended, by their keys, as Databricks names it: `success`, `failed` and others. */
  readonly states: ReadonlyMap<string, string>;
  /** Whom the job is to forget, and whether all tables are computed anew by now. */
  readonly forget: { readonly numbers: readonly string[]; readonly proves: boolean };
}

/**
 * The run that a job's task belongs to, as the job hands it over; by itself a task is a run of its own, today.
 *
 * @throws InputError with one line for each setting that is malformed
 */
export function readRun(env: NodeJS.ProcessEnv = process.env): Run {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = parse(run, given);
  const { SHOPMETRICS_RUN_ID: id, SHOPMETRICS_DATE: date, SHOPMETRICS_STATES: states } = parsed;
  const now = new Date().toISOString();
  return {
    runId: id ?? `task-${now.slice(0, 19).replaceAll(":", "")}Z`,
    date: date ?? now.slice(0, 10),
    states: new Map([...states.matchAll(/(\w+)=(\w+)/g)].map(([, task, state]) => [task!, state!])),
    forget: {
      numbers: parsed.SHOPMETRICS_FORGET.split(/[\s,]+/).filter(Boolean),
      proves: parsed.SHOPMETRICS_FORGET_PROVES,
    },
  };
}

function readWorkspace(
  given: Readonly<Record<string, string | undefined>>,
): Pick<Settings, "workspace" | "workspaceProblem"> {
  try {
    const parsed = parse(workspace, given);
    return {
      workspace: {
        host: parsed.DATABRICKS_HOST,
        token: parsed.DATABRICKS_TOKEN,
        httpPath: parsed.DATABRICKS_HTTP_PATH.replace(/^(?!\/)/, "/"),
      },
    };
  } catch (error) {
    return { workspaceProblem: (error as Error).message };
  }
}

/** The SQL warehouse that the environment names. @throws InputError with one line for each setting that is malformed */
export function workspaceOf({ workspace, workspaceProblem }: Settings): Workspace {
  if (workspace) return workspace;
  throw new InputError(workspaceProblem ?? "DATABRICKS_HOST is not set.");
}

function readKafka(given: Readonly<Record<string, string | undefined>>): KafkaSettings {
  const parsed = parse(kafka, given);
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = parsed;
  return {
    brokers: parsed.KAFKA_BROKERS,
    topic: parsed.KAFKA_TOPIC,
    ...(username !== undefined && password !== undefined && { login: { username, password } }),
    tls: parsed.KAFKA_TLS ?? username !== undefined,
    batchEvents: parsed.KAFKA_BATCH_EVENTS,
    batchSeconds: parsed.KAFKA_BATCH_SECONDS,
    acceptLoss: parsed.KAFKA_ACCEPT_LOSS,
  };
}

function readRegistry(given: Readonly<Record<string, string | undefined>>): Pick<Settings, "registry"> {
  if (given["SCHEMA_REGISTRY_URL"] === undefined) return {};
  const parsed = parse(registry, given);
  const { SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password } = parsed;
  return {
    registry: {
      url: parsed.SCHEMA_REGISTRY_URL.replace(/\/+$/, ""),
      ...(username !== undefined && password !== undefined && { login: { username, password } }),
      format: parsed.SCHEMA_REGISTRY_FORMAT,
    },
  };
}

function readStripe(given: Readonly<Record<string, string | undefined>>): StripeSettings {
  const parsed = parse(stripe, given);
  const { STRIPE_API_KEY: key, STRIPE_FROM: from, STRIPE_TO: to } = parsed;
  return {
    key,
    livemode: /^.._(?:org_)?live_/.test(key),
    base: parsed.STRIPE_API_BASE.replace(/\/+$/, ""),
    overlapDays: parsed.STRIPE_OVERLAP_DAYS,
    requestsPerSecond: parsed.STRIPE_REQUESTS_PER_SECOND,
    ...(from !== undefined && to !== undefined && { again: { from, to } }),
  };
}

function readCurrencyRates(given: Readonly<Record<string, string | undefined>>): CurrencyRatesSettings {
  const parsed = parse(currencyRates, given);
  return { url: parsed.CURRENCY_RATES_URL, since: parsed.CURRENCY_RATES_SINCE };
}

const localHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

function readPostgres(given: Readonly<Record<string, string | undefined>>): PostgresSettings {
  const parsed = parse(postgres, given);
  const { hostname, port, pathname, username, password: inUrl } = new URL(parsed.POSTGRES_URL);
  const password = parsed.POSTGRES_PASSWORD ?? (inUrl === "" ? undefined : decodeURIComponent(inUrl));
  return {
    host: hostname.replaceAll(/[[\]]/g, ""),
    port: Number(port || 5432),
    database: decodeURIComponent(pathname.slice(1)),
    user: decodeURIComponent(username),
    ...(password !== undefined && { password }),
    tls: parsed.POSTGRES_TLS ?? !localHosts.has(hostname),
    schema: parsed.POSTGRES_SCHEMA,
    // Debezium calls its slot as the connector says; ours by the topics' prefix.
    slot: parsed.POSTGRES_SLOT || (given["POSTGRES_TOPICS"] ?? "shop").split(".")[0]!,
    overlapMinutes: parsed.POSTGRES_OVERLAP_MINUTES,
    compareHours: parsed.POSTGRES_COMPARE_HOURS,
    acceptLoss: parsed.POSTGRES_ACCEPT_LOSS,
  };
}

function readMongo(given: Readonly<Record<string, string | undefined>>): MongoSettings {
  const parsed = parse(mongodb, given);
  const [, scheme, user, inUrl, hosts, database = "", options = ""] = mongoAddress.exec(parsed.MONGODB_URL)!;
  const password = parsed.MONGODB_PASSWORD ?? (inUrl ? decodeURIComponent(inUrl) : undefined);
  const isLocal = hosts!.split(",").every((host) => localHosts.has(host.replace(/:\d+$/, "")));
  return {
    url: `${scheme}://${hosts}/${database}${options && `?${options}`}`,
    hosts: hosts!,
    database: parsed.MONGODB_DATABASE ?? decodeURIComponent(database),
    ...(user !== undefined && { user: decodeURIComponent(user) }),
    ...(password !== undefined && { password }),
    tls: !isLocal,
    route: parsed.MONGODB_ROUTE,
    overlapMinutes: parsed.MONGODB_OVERLAP_MINUTES,
    acceptLoss: parsed.MONGODB_ACCEPT_LOSS,
  };
}

const secrets = new Set([
  "DATABRICKS_TOKEN",
  "KAFKA_PASSWORD",
  "SCHEMA_REGISTRY_PASSWORD",
  "STRIPE_API_KEY",
  "CURRENCY_RATES_URL",
  "POSTGRES_URL",
  "POSTGRES_PASSWORD",
  "MONGODB_URL",
  "MONGODB_PASSWORD",
]);

function parse<Shape extends z.ZodType>(
  shape: Shape,
  given: Readonly<Record<string, string | undefined>>,
): z.output<Shape> {
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path: [name], message }) => {
    const value = given[String(name)];
    const shown =
      value === undefined ? "" : secrets.has(String(name)) || hasLogin(value) ? "=…" : `=${value}`;
    return `${String(name)}${shown}: ${message}`;
  });
  throw new InputError(lines.join("\n"));
}

/** The embedded engine's file in a data folder. */
export const warehouseFile = ({ home }: Pick<Settings, "home">) => path.join(home, "warehouse.duckdb");

/** The file that holds a developer's own tables on the embedded engine. */
export const developerFile = ({ home }: Pick<Settings, "home">, name: string) =>
  path.join(home, `dev_${name}.duckdb`);
