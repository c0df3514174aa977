import { readSettings } from "./settings.js";
import { inputErrorsPlainly } from "./display/failure.js";
import { openLiveWith } from "./plan/session.js";
import { tables } from "./shop/index.js";

export { bronze, gold, ops, silver, tables } from "./shop/index.js";
export { differsFromDatabase, keptIn, keptThoughEmptied } from "./shop/agreement.js";
export { arrived, unusableMessages, type Arrived } from "./shop/arrived.js";
export { changeTables } from "./shop/database-bronze.js";
export { databaseTableNames, routeOf } from "./shop/database.js";
export { daysOfNewRates, exchangeRates, inReporting } from "./shop/exchange.js";
export type { ColumnOf, Row, Table } from "./contracts/table.js";
export { changes, run, sql, touched, type Statement } from "./sql/statement.js";
export { load } from "./verbs/load.js";
export { maintain } from "./verbs/maintain.js";
export { reject } from "./verbs/reject.js";
export { append, history, merge, refresh } from "./verbs/write.js";
export { check } from "./verbs/check.js";
export { messageWithoutRows } from "./verbs/row-text.js";
export { given, type Given } from "./verbs/given.js";
export { implausible } from "./verbs/implausible.js";
export { isFiner, isNegative } from "./verbs/untidy.js";
export { dateIn, fromUnixMilliseconds, idIn, numberIn } from "./verbs/extended-json.js";
export { fromSmallestUnit, fromUnixSeconds } from "./verbs/stripe.js";
export { explain, rows, show } from "./verbs/read.js";
export { seed } from "./verbs/seed.js";
export { holidays } from "./verbs/holidays.js";
export { InputError } from "./errors.js";

// One session for all verbs, also for two that begin at once; one that could not open is tried again.
let opening: ReturnType<typeof openLive> | undefined;
openLiveWith(() => (opening ??= openLive().catch(tryAgain)));

async function openLive() {
  const [{ liveSession }, { inKernel, kernelDisplay }] = await Promise.all([
    import("./session/live.js"),
    import("./display/kernel.js"),
  ]);
  const display = kernelDisplay();
  if (!inKernel()) return liveSession(display, tables);
  const { developerSettings } = await import("./session/developer.js");
  return liveSession(display, tables, await developerSettings(readSettings(), display.note));
}

function tryAgain(error: unknown): never {
  opening = undefined;
  throw error;
}

inputErrorsPlainly();

export { settings, type Settings } from "./settings.js";
