import { lowerCase, upperCase } from "./letters.js";
import { literal } from "./literals.js";
import { zoneNames } from "./zones.js";

/** A comma before a closing bracket: DuckDB lets it pass, Spark and JavaScript don't. */
const strayComma = ",[ \\t\\r\\n]*[}\\]]";

/** What Spark takes away around a text before it reads a value from it: spaces and control characters. */
const around = literal(String.fromCharCode(...Array.from({ length: 32 }, (_, index) => index + 1)));

/**
 * The zeros of the scripts whose digits Java 17 reads in decimals: nine more digits follow each. It reads a decimal one UTF-16 unit at
 * a time, so there are none beyond U+FFFF.
 */
const zeros = (
  "660 6f0 7c0 966 9e6 a66 ae6 b66 be6 c66 ce6 d66 de6 e50 ed0 f20 1040 1090 17e0 1810 1946 19d0 1a80 1a90 1b50 1bb0 1c40 " +
  "1c50 a620 a8d0 a900 a9d0 a9f0 aa50 abf0 ff10"
).split(" ");

const digits = zeros.flatMap((zero) =>
  Array.from({ length: 10 }, (_, value) => String.fromCodePoint(Number.parseInt(zero, 16) + value)),
);

const values = digits.map((_, index) => index % 10).join("");

const instant =
  "^(?:([+-]?[0-9]{4,6})(?:-([0-9]{1,2})(?:-([0-9]{1,2})" +
  "(?:[ T]([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:[.]([0-9]*))?([^0-9.].*)?)?)?)?)?)?" +
  "|T?([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:[.]([0-9]*))?([^0-9.].*)?)?)$";

/**
 * An instant as most exports write it. The cast refuses what is no digit between these signs, but for spaces and signs before a
 * number: only there a digit is asked for.
 */
const plainInstant = "[0-9]???-??-??T[0-9]?:??:?[0-9]";

const parts = "['y', 'mo', 'd', 'h', 'mi', 's', 'f', 'zone', 'h2', 'mi2', 's2', 'f2', 'zone2']";

const offset = "^(?:UTC|GMT|UT)?([+-])([0-9]{1,2})(?::?([0-9]{2})(?::?([0-9]{2}))?|:([0-9]))?$";

/** A number written as text, or 0 where there is none. */
const whole = (text: string) => `cast('0' || ${text} as integer)`;

/** Of an instant written as text what its parts say, by a list of one item: a value with a name. */
const read = (text: string) => `list_transform(list_transform(
  list_transform([regexp_extract(${text}, '${instant}', ${parts})], lambda v: {
    'day': case when v.y <> '' then try(make_date(cast(v.y as bigint),
        cast(case when v.mo = '' then 1 else cast(v.mo as integer) end as bigint),
        cast(case when v.d = '' then 1 else cast(v.d as integer) end as bigint)))
      when v.h2 <> '' then current_date end,
    'h': ${whole("v.h || v.h2")}, 'mi': ${whole("v.mi || v.mi2")}, 's': ${whole("v.s || v.s2")},
    'f': cast(rpad((v.f || v.f2)[1:6], 6, '0') as integer), 'zone': trim(v.zone || v.zone2)}),
  lambda v: {'local': case when v.h < 24 and v.mi < 60 and v.s < 60 then try(cast(v.day as timestamp)
    + to_microseconds((v.h * 3600 + v.mi * 60 + v.s) * cast(1000000 as bigint) + v.f)) end, 'zone': v.zone}),
  lambda w: zoned(w.local, w.zone))[1]`;

/**
 * Spark functions that DuckDB lacks or does otherwise, as macros. Created once in each warehouse file, in its main schema.
 *
 * Texts become values as Spark's ANSI casts make them (docs/databricks-sql.md says which forms are taken), row by row: DuckDB's
 * own casts take more forms, and the one to TIMESTAMPTZ keeps the zone of one row for the next. The forms that exports are full of
 * are looked for first.
 */
export const macros: readonly string[] = [
  // Texts.
  `create or replace macro trimmed(text) as trim(text, ${around})`,
  // Most texts have no spaces around them: those stay the text that they are.
  `create or replace macro spark_trim(text) as case when starts_with(text, ' ') or ends_with(text, ' ') then trim(text, ' ')
    else text end`,
  `create or replace macro cased(text, special, one) as array_to_string(list_transform(regexp_extract_all(text, '(?s).'),
    lambda letter: case when contains(special, letter || '=') then regexp_extract(special, letter || '=([^;]*);', 1)
      when one then upper(letter) else lower(letter) end), '')`,
  `create or replace macro spark_upper(text) as case when length(text) = strlen(text) then upper(text)
    when regexp_matches(text, '[${keysOf(upperCase)}]') then cased(text, ${literal(upperCase)}, true) else upper(text) end`,
  `create or replace macro without_sigma(text) as regexp_replace(regexp_replace(regexp_replace(text,
    'Σ([\\p{Mn}\\p{Me}\\p{Cf}\\p{Lm}\\p{Sk}.:·’]*[\\p{L}])', 'σ\\1', 'g'),
    'Σ([\\p{Mn}\\p{Me}\\p{Cf}\\p{Lm}\\p{Sk}.:·’]*[\\p{L}])', 'σ\\1', 'g'),
    '([\\p{L}][\\p{Mn}\\p{Me}\\p{Cf}\\p{Lm}\\p{Sk}.:·’]*)Σ', '\\1ς', 'g')`,
  `create or replace macro spark_lower(text) as case when length(text) = strlen(text) then lower(text)
    when regexp_matches(text, '[${keysOf(lowerCase)}Σ]') 
      then cased(without_sigma(text), ${literal(lowerCase)}, false) else lower(text) end`,
  `create or replace macro spark_join(separator, items) as case when separator is not null then
    coalesce(array_to_string(list_filter(items, lambda item: item is not null), separator), '') end`,
  `create or replace macro spark_substring(text, start, count) as case
    when count <= 0 then case when start is not null and text is not null then '' end
    when start > 0 then substring(text, start, count)
    when start = 0 then substring(text, 1, count)
    when start is not null and count is not null then substring(text, greatest(length(text) + start, 0) + 1,
      greatest(cast(least(length(text) + start + cast(count as bigint), length(text))
        - greatest(length(text) + start, 0) as bigint), 0)) end`,
  "create or replace macro spark_from(text, start) as spark_substring(text, start, 2147483647)",
  // Numbers.
  `create or replace macro spark_divide(a, b) as case when b <> 0 or b is null or a is null then a / b
    else error('division by zero') end`,
  `create or replace macro spark_remainder(a, b) as case when b <> 0 or b is null or a is null then a % b
    else error('division by zero') end`,
  `create or replace macro spark_rest(a, b) as spark_remainder(a, case when b = -1 then 1 else b end)`,
  `create or replace macro spark_long(number) as case when isnan(number) then cast(0 as bigint)
    when number >= 9223372036854775807 then 9223372036854775807 when number <= -9223372036854775808 then -9223372036854775808
    else cast(number as bigint) end`,
  // The sum goes round at the type's end, as Java's does.
  `create or replace macro spark_pmod(a, b, bound) as case when spark_remainder(a, b) < 0
    then (a % b + b + case when a % b + b < -bound then 2 * bound else 0 end) % b else a % b end`,
  `create or replace macro spark_round(number, places) as case when abs(number) < 1e15
    then cast(round(cast(cast(number as varchar) as decimal(38, 20)), places) as double) else number end`,
  // Dates and instants.
  `create or replace macro spark_months_between(a, b) as cast(case
    when day(a) = day(b) or (cast(a as date) = last_day(a) and cast(b as date) = last_day(b))
    then (year(a) - year(b)) * 12 + month(a) - month(b)
    else floor(((year(a) - year(b)) * 12 + month(a) - month(b) + ((day(a) - day(b)) * 86400
      + (hour(a) - hour(b)) * 3600 + (minute(a) - minute(b)) * 60 + second(a) - second(b))
      / 2678400.0e0) * 1e8 + 0.5) / 1e8 end as double)`,
  // Whole months, toward zero: the last day counts once its time of day is reached, and a month has 32 days at most.
  `create or replace macro last_whole_day(a, b) as cast(b as date) - case
    when cast(b as date) > cast(a as date) and cast(b as time) < cast(a as time) then 1
    when cast(b as date) < cast(a as date) and cast(b as time) > cast(a as time) then -1 else 0 end`,
  `create or replace macro packed_day(day) as (year(day) * 12 + month(day)) * 32 + day(day)`,
  `create or replace macro spark_months(a, b) as (packed_day(last_whole_day(a, b)) - packed_day(cast(a as date))) // 32`,
  "create or replace macro spark_days(first, last) as list_transform(generate_series(cast(first as timestamp), cast(last as timestamp), " +
    "case when last < first then interval '-1 day' else interval '1 day' end), lambda day: cast(day as date))",
  `create or replace macro spark_sequence(first, last) as generate_series(first, last, case when last < first then -1 else 1 end)`,
  // Arrays.
  `create or replace macro spark_distinct(list) as case when len(list_distinct(list)) = len(list) then list
    else list_filter(list, lambda item, place: list_position(list, item) = place) end`,
  `create or replace macro spark_contains(list, item) as case when item is null then null when list_contains(list, item) then true
    when list_count(list) = len(list) then false end`,
  `create or replace macro spark_item(list, place) as case when list is not null and (place < 0 or place >= len(list))
    then error('the array has no item ' || place) else list[place + 1] end`,
  `create or replace macro spark_element_at(list, place) as case when list is not null and (place = 0 or abs(place) > len(list))
    then error('the array has no item ' || place) else list[place] end`,
  // JSON. A text that may have a stray comma is looked at again, without its strings.
  "create or replace macro get_json_object(json, path) as case when json_valid(json) then json_extract_string(json, path) end",
  `create or replace macro is_json(text) as case
    when not json_valid(text) then false
    when not regexp_matches(text, '${strayComma}') then true
    else not regexp_matches(regexp_replace(text, '"(?:[^"\\\\]|\\\\.)*"', '""', 'g'), '${strayComma}') end`,
  // The fields of a message, in a view of which only this is read from the macro: what it says may change without the view.
  "create or replace macro fields_of(text, shape) as json_transform(case when is_json(text) then text end, shape)",
  `create or replace macro json_object_keys(text) as
    case when is_json(text) then case when starts_with(text, '{') or json_type(text) = 'OBJECT' then json_keys(text) end end`,
  // Texts that become values.
  `create or replace macro try_bigint(text) as case when regexp_full_match(text, '[+-]?[0-9]+') then try_cast(text as bigint)
    when regexp_full_match(text, '[\\x{0}-\\x{20}]*[+-]?[0-9]+[\\x{0}-\\x{20}]*') then try_cast(trimmed(text) as bigint) end`,
  `create or replace macro try_int(text) as try_cast(try_bigint(text) as integer)`,
  // DuckDB takes an underscore between digits; Java takes digits of all scripts.
  "create or replace macro plain_decimal(text) as case when not contains(text, '_') then text end",
  `create or replace macro odd_decimal(text) as case when regexp_matches(text, '[\\x{80}-\\x{10ffff}\\x{1}-\\x{8}\\x{e}-\\x{1f}]')
    and not contains(text, '_') then trimmed(translate(text, '${digits.join("")}', '${values}')) end`,
  `create or replace macro try_double(text) as case
    when regexp_full_match(trimmed(text), '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[dDfF]?') then case
      when try_cast(rtrim(trimmed(text), 'dDfF') as double) is not null then try_cast(rtrim(trimmed(text), 'dDfF') as double)
      when regexp_matches(trimmed(text), '[eE]-') then cast(0 as double)
      else cast(case when trimmed(text) like '-%' then '-inf' else 'inf' end as double) end
    when regexp_full_match(lower(trimmed(text)), '[+-]?inf(inity)?')
      then cast(case when trimmed(text) like '-%' then '-inf' else 'inf' end as double)
    when lower(trimmed(text)) = 'nan' then cast('nan' as double) end`,
  `create or replace macro try_boolean(text) as case
    when regexp_full_match(lower(trimmed(text)), 't|true|y|yes|1') then true
    when regexp_full_match(lower(trimmed(text)), 'f|false|n|no|0') then false end`,
  `create or replace macro try_date(text) as case
    when regexp_full_match(text, '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])') then try_cast(text as date)
    when regexp_full_match(trimmed(text), '[+-]?[0-9]{4,7}(-[0-9]{1,2}(-[0-9]{1,2}([ T](?s:.)*)?)?)?') then list_transform(
      [regexp_extract(trimmed(text), '^([+-]?[0-9]+)(?:-([0-9]+)(?:-([0-9]+))?)?', ['y', 'm', 'd'])],
      lambda v: try(make_date(cast(v.y as bigint), case when v.m = '' then 1 else cast(v.m as bigint) end,
        case when v.d = '' then 1 else cast(v.d as bigint) end)))[1] end`,
  `create or replace macro shifted(local, sign, hours, minutes, seconds) as case
    when hours * 3600 + minutes * 60 + seconds <= 64800 and minutes < 60 and seconds < 60 then
      local - to_seconds(case sign when '-' then -1 else 1 end * (hours * 3600 + minutes * 60 + seconds)) end`,
  // Of an hour that a zone has twice the first is meant.
  `create or replace macro in_zone(local, zone) as list_transform(
    [{'utc': cast(timezone(zone, local) as timestamp), 'local': local, 'zone': zone}],
    lambda z: z.utc - case
      when timezone(z.zone, cast(z.utc - interval 1 hour as timestamptz)) = z.local then interval 1 hour
      when timezone(z.zone, cast(z.utc - interval 30 minutes as timestamptz)) = z.local then interval 30 minutes
      else interval 0 minutes end)[1]`,
  // Binding an IN of texts takes longer than reading an instant.
  `create or replace macro zoned(local, zone) as case
    when regexp_full_match(zone, '(Z|UTC|GMT|UT)?') then local
    else list_transform([regexp_extract(zone, '${offset}', ['sign', 'h', 'm', 's', 'm1'])], lambda o: case
      when o.sign <> '' then shifted(local, o.sign, ${whole("o.h")}, ${whole("o.m || o.m1")}, ${whole("o.s")})
      when contains(' ${zoneNames.join(" ")} ', ' ' || zone || ' ') and not contains(zone, ' ') then in_zone(local, zone)
      end)[1] end`,
  // The forms of most exports and events are looked for without a regular expression. An hour of 24 is one for DuckDB only.
  `create or replace macro try_timestamp(text) as case
    when text glob '${plainInstant}Z' and not contains(text, 'T24') then try_cast(text as timestamp)
    when text glob '${plainInstant}.[0-9][0-9][0-9]Z' and not contains(text, 'T24') then try_cast(text as timestamp)
    when regexp_full_match(text, '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' ||
      '([ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?Z?)?')
      then try_cast(text as timestamp)
    when text is null then null
    else ${read("trimmed(text)")} end`,
  ...["int", "bigint", "double", "boolean", "date", "timestamp"].map(
    (name) => `create or replace macro strict_${name}(text) as case when text is not null
    then coalesce(try_${name}(text), error('not a ${name}: ' || text)) end`,
  ),
  `create or replace macro strict_decimal(text, value) as case when text is not null
    then coalesce(value, error('not a decimal of this size: ' || text)) end`,
  // Values that become texts: a year beyond four digits has a sign, one before the year 0 has a minus.
  `create or replace macro strict_date_text(day) as case when year(day) between 0 and 9999 then strftime(day, '%Y-%m-%d')
    else case when year(day) < 0 then '-' else '+' end ||
      lpad(cast(abs(year(day)) as varchar), cast(greatest(4, length(cast(abs(year(day)) as varchar))) as integer), '0')
      || strftime(day, '-%m-%d') end`,
  "create or replace macro try_date_text(day) as strict_date_text(day)",
  `create or replace macro strict_timestamp_text(instant) as strict_date_text(cast(instant as date)) || strftime(instant, ' %H:%M:%S')
    || case when epoch_us(instant) % 1000000 = 0 then '' else '.' || rtrim(strftime(instant, '%f'), '0') end`,
  "create or replace macro try_timestamp_text(instant) as strict_timestamp_text(instant)",
];

/** The letters that a list of `letter=other;` is about. */
function keysOf(list: string): string {
  return list
    .split(";")
    .flatMap((entry) => (entry ? [entry.slice(0, entry.indexOf("="))] : []))
    .join("");
}
