import type { LoadFiles } from "../../plan/plan.js";
import { quoted } from "./literals.js";

/*
 * RFC 4180 as regular expressions. Broken records are read as the embedded engine reads them (lib/src/landing): a quote
 * inside an unquoted value is an ordinary character; a record with broken quotes ends at the end of its first line.
 * Repetitions are possessive, so that Java's engine needs no stack for them.
 */
const quotedValue = String.raw`"[^"]*+(?:""[^"]*+)*+"`;
const end = String.raw`\r?\n|\r?\z`;
const inRecord = String.raw`(?:${quotedValue}(?=,|${end})|(?!")[^,\n]*+)`;

/** The first group is a record, which may end with the CR of its line end. */
const record = String.raw`(${inRecord}(?:,${inRecord})*+(?=${end})|[^\n]*+)(?:\r?\n|\r?\z)`;

/** One value of a record with a comma put before it. The first group is the value with its quotes. */
const value = String.raw`,(${quotedValue}|(?!")[^,]*+)`;

const raw = (pattern: string) => `r'${pattern}'`;
const list = (names: readonly string[]) =>
  `array(${names.map((name) => quoted(name.toLowerCase())).join(", ")})`;
const valuesOf = (line: string) => `regexp_extract_all(concat(',', ${line}), ${raw(value)}, 1)`;
const unquoted = (given: string) =>
  `if(startswith(${given}, '"'), replace(substring(${given}, 2, length(${given}) - 2), '""', '"'), ${given})`;
const namesOf = (line: string) => `transform(${valuesOf(line)}, name -> trim(${unquoted("name")}))`;

/**
 * Files whose header lacks a column or names a column twice, as common table expressions. The last one is `problems`
 * (source_file, problem).
 */
export function csvProblems({ columns }: LoadFiles): string {
  const missing = `array_except(${list(columns)}, keys)`;
  const reads = "'. It reads: ', left(lines[0], 200)";
  return `${heads},
problems as (
  select source_file, case when size(${missing}) > 0 then concat('the header lacks ', array_join(${missing}, ', '), ${reads})
    when size(array_distinct(keys)) < size(keys) then concat('the header names a column twice', ${reads}) end as problem
  from headed
)`;
}

/**
 * The records of files, as common table expressions. The last one is `records`. Columns are found by the names in each
 * file's header. Values of columns that the table lacks are kept as JSON in `_rescued_data`; a record that does not split
 * into as many values as the header has names is kept there whole. An empty value is null, an empty value in quotes is not.
 * A CR at the end of the file ends a record like CRLF, but it is part of a record with broken quotes.
 */
export function csvRecords({ columns }: LoadFiles): string {
  const at = (name: string) =>
    `get(given, cast(array_position(keys, ${quoted(name.toLowerCase())}) as int) - 1)`;
  const isExtra = `not array_contains(${list(columns)}, keys[i])`;
  const rest = `to_json(map_from_arrays(filter(names, (name, i) -> ${isExtra}), filter(given, (value, i) -> ${isExtra})))`;
  return `${heads},
split as (
  select source_file, names, keys, source_row, line, ${valuesOf("line")} as parts,
    if(source_row = size(lines) - 1, bare_end, '') as bare_end
  from headed lateral view posexplode(lines) as source_row, line
  where source_row > 0
),
judged as (
  select *, array_join(parts, ',') = line as is_quoted_well,
    size(parts) = size(names) and array_join(parts, ',') = line as is_whole,
    transform(parts, part -> if(part = '', null, ${unquoted("part")})) as given
  from split
),
records as (
  select ${columns.map((name) => `if(is_whole, ${at(name)}, null) as ${name}`).join(",\n    ")},
    case when not is_quoted_well then concat(line, bare_end) when not is_whole then line
      when size(names) > ${columns.length} then ${rest} end as _rescued_data,
    source_file, cast(source_row as bigint) as source_row
  from judged
)`;
}

/** Each file's lines, the header first, and the header's names. An empty file has no row. */
const heads = `lined as (
  select source_file, filter(
    transform(regexp_extract_all(if(startswith(text, '\\uFEFF'), substring(text, 2), text), ${raw(record)}, 1),
      line -> if(endswith(line, '\\r'), left(line, length(line) - 1), line)),
    line -> line <> '') as lines,
    if(endswith(text, '\\r'), '\\r', '') as bare_end
  from files
),
headed as (
  select *, transform(names, name -> lower(name)) as keys
  from (select source_file, lines, bare_end, ${namesOf("lines[0]")} as names from lined where size(lines) > 0)
)`;
