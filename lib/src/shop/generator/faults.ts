import type { Entity } from "./entity.js";
import { literal } from "./tables.js";

/** Which rows of a file get a fault: the share `rate`, evenly spread, starting at `phase` (0 <= phase < 1). */
interface FaultSpread {
  readonly rate: number;
  readonly phase: number;
}

const million = 1_000_000;

/** Counts the faults that `faultyLines` adds to the table `picked`: rows of (kind, rows). */
export function faultCounts(entity: Entity, spread: FaultSpread): string {
  return `
    select kind, count(*)::integer as rows
    from (select ${faultKind(entity, spread, "rowid")} as kind from picked) as judged
    where kind is not null group by kind`;
}

/**
 * The lines of a file with its faults, as a select of one column whose name is the header. Fields are joined to lines
 * here because a CSV writer can't write a malformed line.
 */
export function faultyLines(entity: Entity, rendered: string, spread: FaultSpread): string {
  const fields = entity.columns.map((column) => csvField(faultyColumn(column))).join(", ");
  return `
    with rendered as (${rendered}),
    judged as (
      select *, ${faultKind(entity, spread, "position")} as kind,
        ${faultNumber(spread, "position")} // ${entity.faults.length} as round
      from rendered
    ),
    split as (
      select kind, round, [${fields}] as fields from judged
    ),
    joined as (
      select kind, array_to_string(
        case
          when kind is distinct from 'malformed' then fields
          when round % 2 = 0 then fields[1:${entity.columns.length - 3}]
          else list_append(fields, 'surplus')
        end, ',') as line
      from split
    )
    select unnest(case when kind = 'duplicate' then [line, line] else [line] end) as "${entity.columns.join(",")}"
    from joined`;
}

/** Options of COPY that write a text column unchanged: delimiter and quote never occur in a line. */
export const plainLines = "format csv, header, delimiter e'\\x01', quote e'\\x02', escape e'\\x02'";

/**
 * The kind of fault that the row at a position gets, or null. Faults are spread by position and not at random, so that the
 * rate and the share of each kind are right in small files too.
 */
function faultKind(entity: Entity, spread: FaultSpread, position: string): string {
  const kinds = `[${entity.faults.map(literal).join(", ")}]`;
  const number = faultNumber(spread, position);
  return `case when ${number} < ${faultNumber(spread, `(${position} + 1)`)}
    then (${kinds})[1 + ${number} % ${entity.faults.length}] end`;
}

/** The number of faults before the row at a position. */
function faultNumber(spread: FaultSpread, position: string): string {
  const [rate, phase] = [Math.round(spread.rate * million), Math.floor(spread.phase * million)];
  return `((${position} * ${rate} + ${phase}) // ${million})`;
}

function faultyColumn(column: string): string {
  switch (column) {
    case "order_id":
      return `case when kind is distinct from 'null_order_id' then order_id end`;
    case "customer_id":
      return `case when kind is distinct from 'null_customer_id' then customer_id end`;
    case "quantity":
      return `case when kind is distinct from 'null_quantity' then quantity end`;
    case "status":
    case "payment_status":
      return `case kind
        when 'unknown_status' then (['shipped', 'on hold', 'unknown', 'complete'])[1 + round % 4]
        when 'untidy_status' then ' ' || upper(${column}[1]) || ${column}[2:] || ' '
        else ${column} end`;
    default:
      return column;
  }
}

function csvField(value: string): string {
  const text = `coalesce((${value})::varchar, '')`;
  const quoted = `'"' || replace(${text}, '"', '""') || '"'`;
  return `case when regexp_matches(${text}, '[",\\n]') then ${quoted} else ${text} end`;
}
