import { changes, history, merge, ops, refresh, sql, touched } from "shopmetrics";
import { literals } from "#lib/compile/request.js";
import { compileStep, partsOf } from "#lib/compile/step.js";
import { bigint, boolean, int, oneOf, text, timestamp, total } from "#lib/contracts/columns.js";
import { rejected_rows } from "#lib/contracts/quarantine.js";
import { schemasOf, table, tablesOf, type Row } from "#lib/contracts/table.js";
import type { Engine } from "#lib/engine/adapter.js";
import type { Connection } from "#lib/engine/connection.js";
import { allEngines, engineNamed } from "#lib/engine/index.js";
import type { Plan } from "#lib/plan/plan.js";
import { useSession } from "#lib/plan/session.js";
import { executeItems, noFigures } from "#lib/run/step.js";
import { prepareWarehouse, publish, readWindows } from "#lib/run/warehouse.js";
import { boundRows, give } from "#lib/unit/fill.js";
import type { VerbRequest } from "#lib/verbs/registry.js";
import { sqlFile } from "../build/src/bundle/sql/step.ts";
import { runFile } from "./services/warehouse/run-file.ts";
import { statements } from "./services/warehouse/sql.ts";
import { mulberry32 } from "./steps/random.ts";

/*
 * A change stream of people: inserts, updates, deletions and restorations, in any order, again, and in any batches. Both verbs take it
 * on any engine, and a model of a few lines says what must come out.
 */

const person = {
  person_id: text("Who."),
  city: text("Where they live.").nullable(),
  amount: int("What they spent.").nullable(),
};

export const changed = table("bronze.people_changes", "What the database's log said of people.", {
  ...person,
  changed_at: timestamp("When, by the database's clock."),
  is_deleted: boolean("Whether the row was deleted."),
  lsn: bigint("Position in the log."),
  place: bigint("Of changes at one position, which came later."),
});

export const people = table("silver.people", "One row per person, as they are.", person, {
  key: ["person_id"],
  tracks: ["city", "amount"],
  order: { lsn: bigint("Position in the log."), place: bigint("Which came later.") },
});

export const versions = table(
  "silver.people_versions",
  "Every version of a person.",
  {
    surrogate_key: text("Names the version."),
    ...person,
    effective_start_date: timestamp("When it began."),
    effective_end_date: timestamp("When it ended.").nullable(),
    is_current: boolean("Whether it holds."),
    end_reason: oneOf(["changed", "deleted"], "Why it ended.").nullable(),
  },
  { key: ["surrogate_key"], tracks: ["city"] },
);

const cities = table(
  "gold.people_by_city",
  "People and what they spent, by city.",
  { city: text("The city."), people: bigint("How many."), amount: total("What they spent.") },
  { key: ["city"] },
);

/** The tables of these tests, and those that each run needs. */
export const tables = tablesOf({ ...ops, rejected_rows, changed, people, versions, cities });

export type Change = Row<typeof changed>;

/** A change of Ada's, of which only what matters is said. */
export const change = (given: Partial<Change>): Change => ({
  person_id: "Ada",
  city: "London",
  amount: 1,
  changed_at: "2026-03-01T00:00:00Z",
  is_deleted: false,
  lsn: 1,
  place: 0,
  ...given,
});

const news = sql`select person_id, city, amount, is_deleted, lsn, place from ${changes(changed)}`;
const known = sql`
  select person_id, city, amount, changed_at as effective_start_date, is_deleted, lsn, place from ${changed}
  where person_id in (select person_id from ${changes(changed)})`;
const home = sql`select distinct city from ${touched(people)} where city is not null`;

export const steps = {
  people: () => merge(people, news, { deleted: "is_deleted", order: ["lsn", "place"] }),
  versions: () =>
    history(versions, known, { by: "person_id", deleted: "is_deleted", order: ["lsn", "place"] }),
  cities: () =>
    refresh(
      cities,
      sql`select city, count(*) as people, cast(sum(amount) as decimal(18,2)) as amount from ${people}
        where city in (select city from ${home}) group by city`,
      { by: ["city"], in: home },
    ),
} as const;

export type Step = keyof typeof steps;

/** A step as the build compiles it, for all engines. */
export async function planOf(name: string, ask: () => Promise<void>): Promise<Plan> {
  const requests: VerbRequest[] = [];
  const restore = useSession({ submit: async (request) => void requests.push(request as VerbRequest) });
  await ask().finally(restore);
  const made = await compileStep(
    requests.map((request) => ({ request, place: undefined })),
    {
      targets: allEngines(),
      literal: literals(),
      placeOf: () => undefined,
      failed: (error) => error,
      tables: [...tables.keys()],
    },
  );
  const parts = partsOf(requests, made);
  const head = { step: parts.writes[0]!, notebook: name, title: name, jobs: [], runtime: "sql" } as const;
  return { ...head, ...parts, sources: [], places: {}, fingerprint: "" };
}

/** A warehouse that holds no change yet. */
export interface People {
  readonly connection: Connection;
  /** One published batch of changes. */
  arrive(some: readonly Change[]): Promise<void>;
  /**
   * Runs a step.
   *
   * @param options.killedAt kills it behind this share of its statements; where there are transactions nothing is left then
   * @returns how many batches it published
   */
  run(step: Step, options?: { readonly full?: boolean; readonly killedAt?: number }): Promise<number>;
  rows(select: string): Promise<Record<string, unknown>[]>;
  /** Takes all rows out of all tables. */
  empty(): Promise<void>;
}

export async function peopleOn(engine: Engine, catalog: string): Promise<People> {
  const adapter = engineNamed(engine.name);
  const connection = await engine.connect();
  if (!adapter.isEmbedded)
    for (const schema of schemasOf(tables)) await connection.execute(`create schema if not exists ${schema}`);
  await prepareWarehouse(connection, adapter.dialect, tables);
  const plans = new Map<Step, Plan>();
  for (const [name, ask] of Object.entries(steps)) plans.set(name as Step, await planOf(name, ask));

  class Killed extends Error {}
  const embedded = async (plan: Plan, full: boolean, killedAt: number | undefined) => {
    const count = plan.items.flatMap(({ scripts }) => scripts[engine.name]!).length;
    const until = killedAt === undefined ? undefined : Math.floor(killedAt * count);
    const figures = noFigures();
    const work = async () => {
      const windows = await readWindows(connection, plan.step, { ...plan, full });
      const now = "2026-03-11T00:00:00Z";
      const context = { runId: "r", now, date: now.slice(0, 10), full, landing: "", ...windows };
      let left = until ?? Infinity;
      const mortal: Connection = {
        ...connection,
        async execute(text, params) {
          if (left-- <= 0) throw new Killed();
          return connection.execute(text, params);
        },
      };
      await executeItems(mortal, engine.name, plan, context, figures);
      if (until !== undefined) throw new Killed();
      await publish(connection, adapter, plan.step, context, figures);
    };
    await connection.transaction(work).catch((error: unknown) => {
      if (
        until === undefined ||
        !(error instanceof Error && [error, error.cause].some((one) => one instanceof Killed))
      )
        throw error;
    });
  };
  const published = async (plan: Plan) => {
    const { rows } = await connection.query(
      `select coalesce(max(batch), 0) as batch from ops.watermarks where table_name = '${plan.step}'`,
    );
    return Number(rows[0]!["batch"]);
  };
  const deployed = async (plan: Plan, full: boolean, killedAt: number | undefined) => {
    const text = sqlFile(plan);
    const until = killedAt === undefined ? {} : { until: Math.floor(killedAt * statements(text).length) };
    const told = { catalog, run_id: "r", date: "2026-03-11", full: String(full), from_date: "", to_date: "" };
    await runFile(connection, text, told, until);
  };

  return {
    connection,
    arrive: (some) => give(engine, connection, changed, boundRows(changed, some)),
    async run(step, { full = false, killedAt } = {}) {
      const plan = plans.get(step)!;
      const before = await published(plan);
      await (adapter.isEmbedded ? embedded : deployed)(plan, full, killedAt);
      return (await published(plan)) - before;
    },
    rows: async (select) => (await connection.query(select)).rows as Record<string, unknown>[],
    async empty() {
      for (const name of [
        "bronze.people_changes",
        "silver.people",
        "silver.people_versions",
        "gold.people_by_city",
        "ops.latest_silver_people",
        "ops.before_silver_people",
        "ops.before_silver_people_versions",
        "ops.watermarks",
      ])
        await connection.execute(`delete from ${name}`);
    },
  };
}

/** What a table of people must hold, and what it holds. */
export const contentsOf = async ({ rows }: People) => ({
  people: await rows("select person_id, city, amount from silver.people order by person_id"),
  versions: await rows(
    `select person_id, city, amount, effective_start_date, effective_end_date, is_current, end_reason
      from silver.people_versions order by person_id, effective_start_date`,
  ),
  cities: await rows("select city, people, amount from gold.people_by_city order by city"),
});

/** The same by the plainest means. */
export function expected(given: readonly Change[]): Awaited<ReturnType<typeof contentsOf>> {
  const ids = [...new Set(given.map((one) => one.person_id))].toSorted();
  const newest = (some: readonly Change[]) =>
    some.reduce<Change | undefined>((best, one) => (best && !isAfter(one, best) ? best : one), undefined);
  const stateOf = (one: Change | undefined) =>
    one && !one.is_deleted ? { person_id: one.person_id, city: one.city, amount: one.amount } : undefined;
  const held = ids.flatMap((id) => stateOf(newest(given.filter((one) => one.person_id === id))) ?? []);
  const lines = ids.flatMap((id) => {
    const own = given.filter((one) => one.person_id === id);
    const times = [...new Set(own.map((one) => one.changed_at))].toSorted();
    // At each instant: the newest of what had begun by then.
    const states = times.map((at) => ({
      at,
      state: stateOf(newest(own.filter((one) => one.changed_at <= at))),
    }));
    const turns = states.filter(
      ({ state }, index) => JSON.stringify(state) !== JSON.stringify(states[index - 1]?.state),
    );
    return turns.flatMap(({ at, state }, index) => {
      const next = turns[index + 1];
      if (!state) return [];
      const end_reason = !next ? null : next.state ? "changed" : "deleted";
      const ends = { effective_end_date: next?.at ?? null, is_current: !next, end_reason };
      return [{ ...state, effective_start_date: at, ...ends }];
    });
  });
  const homes = [...new Set(held.flatMap(({ city }) => city ?? []))].toSorted();
  return {
    people: held,
    versions: lines,
    cities: homes.map((city) => {
      const here = held.filter((one) => one.city === city);
      const known = here.flatMap(({ amount }) => amount ?? []);
      const sum = known.length > 0 ? known.reduce((a, b) => a + b, 0).toFixed(2) : null;
      return { city, people: here.length, amount: sum };
    }),
  };
}

const isAfter = (a: Change, b: Change) => a.lsn > b.lsn || (a.lsn === b.lsn && a.place > b.place);

/** A random stream in random batches: late, again, out of order, by a clock that jumps. The same seed gives the same. @param most so many batches at most */
function randomStream(
  seed: number,
  most: number,
): {
  readonly batches: readonly (readonly Change[])[];
  readonly random: () => number;
} {
  const random = mulberry32(seed);
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const pick = <T>(values: readonly T[]): T => values[upTo(values.length - 1)]!;
  const all: Change[] = [];
  let [lsn, hour] = [0, 0];
  const there = new Set<string>();
  for (let left = 5 + upTo(30); left > 0; left--) {
    // Several changes of a transaction share a position, some of one person.
    const goesOn = all.length > 0 && random() < 0.4;
    if (!goesOn) lsn += 1 + upTo(20);
    hour = Math.max(0, hour + upTo(4) - 1);
    const person_id = goesOn && random() < 0.6 ? all.at(-1)!.person_id : pick(["A", "B", "C", "D"]);
    const deletes = there.has(person_id) ? random() < 0.3 : random() < 0.05;
    there[deletes ? "delete" : "add"](person_id);
    const isBare = deletes && random() < 0.5;
    all.push({
      person_id,
      city: isBare ? null : pick(["London", "Paris", "Paris", null]),
      amount: isBare ? null : pick([1, 2, 3]),
      changed_at: new Date(Date.UTC(2026, 2, 1, hour)).toISOString().replace(".000", ""),
      is_deleted: deletes,
      lsn,
      place: all.length,
    });
  }
  const arrivals = all.map((one, index) => ({ one, at: index + (random() < 0.3 ? upTo(15) : 0) }));
  for (const one of all) if (random() < 0.15) arrivals.push({ one, at: upTo(all.length) });
  const inOrder = arrivals.toSorted((a, b) => a.at - b.at).map(({ one }) => one);
  const batches: Change[][] = [];
  while (inOrder.length > 0)
    batches.push(inOrder.splice(0, batches.length === most - 1 ? inOrder.length : 1 + upTo(12)));
  return { batches, random };
}

/**
 * Takes a random stream in: some runs are killed anywhere, some days nobody runs a step, some runs begin anew.
 *
 * @param most so many batches at most
 * @returns what a run that finds nothing new, and then one with --full, have published: nothing, if all is well
 */
export async function play(
  lake: People,
  seed: number,
  most = Infinity,
): Promise<{ come: readonly Change[]; again: number; full: number }> {
  const { batches, random } = randomStream(seed, most);
  for (const batch of batches) {
    await lake.arrive(batch);
    for (const step of stepNames) {
      if (random() < 0.3) await lake.run(step, { killedAt: random() });
      if (random() < 0.7) await lake.run(step, { full: random() < 0.1 });
    }
  }
  const all = async (full: boolean) => {
    let count = 0;
    for (const step of stepNames) count += await lake.run(step, { full });
    return count;
  };
  await all(false);
  return { come: batches.flat(), again: await all(false), full: await all(true) };
}

export const stepNames = Object.keys(steps) as Step[];
