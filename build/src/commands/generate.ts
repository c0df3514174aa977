import { generate as generateExports, type GenerateReport } from "shopmetrics/sources";
import { readSettings } from "shopmetrics/settings";
import { during } from "../run/running-line.js";
import { bytes, count, counted, seconds } from "../text.js";

interface GenerateCommand {
  scale?: number;
  days?: number;
  until?: string;
  seed?: number;
  from?: string;
  to?: string;
  faults?: number;
  currencies?: string;
  eventDays?: number;
  quiet?: boolean;
  json?: boolean;
}

export async function generate(options: GenerateCommand): Promise<void> {
  const { landing, business } = readSettings();
  const { from, to, scale, days, until, seed, faults, currencies, eventDays } = options;
  const report = await generateShown({
    landing,
    currency: business.ordersCurrency,
    ...(currencies !== undefined && { currencies: currencies.split(/[ ,]+/).filter(Boolean) }),
    ...(eventDays !== undefined && { eventDays }),
    ...(scale !== undefined && { scale }),
    ...(days !== undefined && { days }),
    ...(until !== undefined && { until }),
    ...(seed !== undefined && { seed }),
    ...(faults !== undefined && { faults }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  });
  if (options.json) console.log(JSON.stringify(report));
  else if (!options.quiet) console.log(describe(report, landing));
}

/** Generates, and shows on a terminal which file is written, of how many. */
export const generateShown = (options: Parameters<typeof generateExports>[0]): Promise<GenerateReport> =>
  during("generating", (now) =>
    generateExports({
      ...options,
      onFile: ({ entity, day, number, of }) => now(`file ${number} of ${of}, ${entity} of ${day},`),
    }),
  );

/** What was written, in one line. */
export function describe(report: GenerateReport, landing: string): string {
  if (report.files.length === 0)
    return `Nothing to write: ${landing} holds all exports up to ${report.to}, and the day after is not over yet.`;
  const rows = (entity: string) =>
    report.files.filter((file) => file.entity === entity).reduce((sum, file) => sum + file.rows, 0);
  const size = report.files.reduce((sum, file) => sum + file.bytes, 0);
  const entities = Object.entries(shown)
    .map(([entity, name]) => `${count(rows(entity))} ${name}`)
    .join(", ");
  return (
    `Generated ${entities} for ${report.from} … ${report.to}: ${counted(report.files.length, "file")}, ` +
    `${bytes(size)} in ${landing} (${seconds(report.seconds)})`
  );
}

/** What a report counts, and its name for people. */
const shown = {
  customers: "customers",
  products: "products",
  orders: "orders",
  order_items: "lines",
  payments: "payments",
  clickstream: "events",
};
