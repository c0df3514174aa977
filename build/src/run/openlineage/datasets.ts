import { engineNamed } from "shopmetrics/engine";
import path from "node:path";
import type { Table } from "shopmetrics/plan";
import type { CheckResult } from "shopmetrics/run";
import type { Settings } from "shopmetrics/settings";
import type { TableLineage } from "../../compile/lineage/columns.js";
import { type Facet, facet } from "./facet.js";

/** A dataset of an event, named as OpenLineage's naming rules say. */
export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Readonly<Record<string, Facet>>;
}

export interface Naming {
  /**
   * @param table `layer.table`, a landing folder such as `landing/orders`, a topic such as
   *   `kafka/clickstream-events`, or a service such as `service/stripe`
   */
  (table: string): { readonly namespace: string; readonly name: string };
}

/** How tables, landed files and topics of these settings are named. */
export function namingOf(settings: Settings): Naming {
  return (table) => {
    if (table.startsWith("landing/"))
      return { namespace: "file", name: path.join(settings.landing, table.slice("landing/".length)) };
    // The notebook names the topic by its default; the settings say which one is read, and where.
    if (table === "kafka/database-changes" && settings.kafka)
      return { namespace: `kafka://${settings.kafka.brokers[0]}`, name: settings.changeTopics };
    if (table.startsWith("kafka/") && settings.kafka)
      return { namespace: `kafka://${settings.kafka.brokers[0]}`, name: settings.kafka.topic };
    if (table === "service/postgres" && settings.postgres) {
      const { host, port, database, schema } = settings.postgres;
      return { namespace: `postgres://${host}:${port}`, name: `${database}.${schema}` };
    }
    if (table === "service/mongodb" && settings.mongodb) {
      const { hosts, database } = settings.mongodb;
      return { namespace: `mongodb://${hosts}`, name: `${database}.reviews` };
    }
    if (table === "service/stripe" && settings.stripe)
      return { namespace: settings.stripe.base, name: "stripe" };
    // The address of a service may hold a key, so only its host is told.
    if (table === "service/currency_rates" && settings.currencyRates)
      return { namespace: new URL(settings.currencyRates.url).origin, name: "currency_rates" };
    return engineNamed(settings.engine).dataset(settings, table);
  };
}

/** A table that is read or written, with its columns; a written one with what they come from. */
export function datasetOf(
  table: string,
  naming: Naming,
  contract: Table | undefined,
  lineage?: TableLineage,
): Dataset & { readonly facets: Readonly<Record<string, Facet>> } {
  const fields = contract?.columns.map(({ name, type, comment }) => ({ name, type, description: comment }));
  return {
    ...naming(table),
    facets: {
      ...(fields && { schema: facet("SchemaDatasetFacet", { fields }) }),
      ...(lineage && {
        columnLineage: facet("ColumnLineageDatasetFacet", { fields: fieldsOf(lineage, naming) }),
      }),
    },
  };
}

/** Rows that are counted come from no column, and have no place in a facet of columns. */
const fieldsOf = ({ columns }: TableLineage, naming: Naming) =>
  Object.fromEntries(
    columns.flatMap(({ column, sources, expressions }) => {
      const inputFields = sources
        .filter((source) => source.column !== "*")
        .map(({ table, column: field, kind }) => ({
          ...naming(table),
          field,
          transformations: [
            {
              type: "DIRECT",
              subtype: kind.toUpperCase(),
              ...(expressions[0] !== undefined && { description: expressions[0] }),
            },
          ],
        }));
      return inputFields.length > 0 ? [[column, { inputFields }]] : [];
    }),
  );

/** What the checks of a table found. */
export const assertionsOf = (checks: readonly CheckResult[]): Facet =>
  facet("DataQualityAssertionsDatasetFacet", {
    assertions: checks.map(({ name, severity, status, figure, threshold }) => {
      const rule = ruleOf(name);
      return {
        ...rule,
        success: status === "pass",
        severity: severity === "halt" ? "error" : "warn",
        name,
        expected: `at most ${threshold}`,
        ...(figure !== null && { actual: String(figure) }),
      };
    }),
  });

/** The contract's own checks have names that say what they check. */
function ruleOf(name: string): { assertion: string; column?: string } {
  const [, column, rule] = /^(\w+) (is not null|is unique|is one of|is known in|is fresh)/.exec(name) ?? [];
  const assertion = rule === undefined ? "custom_sql" : assertions[rule]!;
  return { assertion, ...(column !== undefined && { column }) };
}

const assertions: Readonly<Record<string, string>> = {
  "is not null": "not_null",
  "is unique": "unique",
  "is one of": "accepted_values",
  "is known in": "relationships",
  "is fresh": "freshness",
};
