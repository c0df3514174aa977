/**
 * Functions of Databricks' dialect that notebooks may use: each was seen to give the same on DuckDB, either as the
 * transpiler writes it or by a macro below. Another one fails when the notebook is compiled, not at 02:00.
 */
export const coveredFunctions: ReadonlySet<string> = new Set(
  `abs add_months any_value array array_compact array_contains array_distinct avg bigint bool_and bool_or cast ceil
  coalesce concat concat_ws count count_if date date_add date_diff date_format date_sub date_trunc datediff day
  decimal dense_rank double element_at every explode filter first_value floor from_json get_json_object greatest
  hour if ifnull in int isnull json_object_keys lag last_day last_value lead least length lower ltrim make_date
  max max_by md5 min min_by minute mod month months_between named_struct nullif nvl over partition
  percentile_approx pmod power quarter range rank regexp_replace rlike round row_number rtrim second sequence sign
  size some split sqrt stddev string substr substring sum timestamp timestampadd timestampdiff to_date to_json
  trim try_cast try_divide unix_micros unix_seconds upper values weekday width_bucket year`.split(/\s+/),
);

/** A comma before a closing bracket: DuckDB lets it pass, Spark and JavaScript don't. */
const strayComma = ",[ \\t\\r\\n]*[}\\]]";

/**
 * Spark functions that DuckDB lacks or does otherwise, as macros. Created once in each warehouse file, in its main schema.
 *
 * utc_timestamp is a cast to TIMESTAMP that heeds an offset, by way of TIMESTAMPTZ (sessions are UTC). That way is three
 * times slower, so an instant written as the shop writes it, which needs none, does not take it.
 * Near the end of time the conversion fails and cannot be tried, so what lies there is null.
 * As in Spark, spaces around an instant don't matter, and words that DuckDB knows, such as infinity, are none.
 */
export const macros: readonly string[] = [
  "create or replace macro size(list) as len(list)",
  "create or replace macro unix_micros(instant) as epoch_us(instant)",
  "create or replace macro unix_seconds(instant) as cast(floor(epoch(instant)) as bigint)",
  "create or replace macro pmod(a, b) as ((a % b) + b) % b",
  "create or replace macro get_json_object(json, path) as case when json_valid(json) then json_extract_string(json, path) end",
  // As the transpiler writes rlike.
  "create or replace macro regexp_like(text, pattern) as regexp_matches(text, pattern)",
  // Of dates, a day apart, which is what Spark's gives for dates.
  "create or replace macro sequence(first, last) as list_transform(generate_series(first, last, " +
    "interval 1 day), lambda day: cast(day as date))",
  // A text that may have a stray comma is looked at again, without its strings.
  `create or replace macro is_json(text) as case
    when not json_valid(text) then false
    when not regexp_matches(text, '${strayComma}') then true
    else not regexp_matches(regexp_replace(text, '"(?:[^"\\\\]|\\\\.)*"', '""', 'g'), '${strayComma}') end`,
  `create or replace macro json_object_keys(text) as
    case when is_json(text) then case when json_type(text) = 'OBJECT' then json_keys(text) end end`,
  `create or replace macro utc_timestamp(instant) as case when cast(instant as varchar) like '____-__-__T__:__:__%Z'
    then try_cast(cast(instant as varchar) as timestamp)
    when cast(instant as varchar) similar to ' *[0-9].*'
    then try_cast(case when try_cast(trim(cast(instant as varchar)) as timestamptz) < timestamptz '294000-01-01 00:00:00+00'
      then try_cast(trim(cast(instant as varchar)) as timestamptz) end as timestamp) end`,
];

/** What the transpiler leaves wrong or untouched, with what to write instead. */
export const refusedSyntax: readonly { pattern: RegExp; instead: string }[] = [
  { pattern: /\bcast\s*\(\s*timestamp\s/i, instead: "a literal of the type you cast to" },
  { pattern: /\bdiv\b/i, instead: "floor(a / b)" },
  { pattern: /\bqualify\b/i, instead: "a common table expression with row_number() and a where" },
  { pattern: /\bleft\s+anti\s+join\b/i, instead: "where not exists (select 1 from …)" },
  { pattern: /\bleft\s+semi\s+join\b/i, instead: "where exists (select 1 from …)" },
  { pattern: /\bcurrent_timestamp\b|\bnow\s*\(/i, instead: "${run.now}" },
  { pattern: /\bcurrent_date\b/i, instead: "${run.date}" },
  { pattern: /\blateral\s+view\b/i, instead: "explode in the select list" },
];
