/**
 * What is asked of Spark and held against DuckDB: expressions with the values that they are given. Of each expression every row of
 * values is one case.
 */
export interface Question {
  /** In Databricks' dialect, of the columns a, b, c. */
  readonly expression: string;
  /** The columns' types. */
  readonly types: readonly string[];
  /** Each value as a literal, which is cast to its column's type. */
  readonly rows: readonly (readonly string[])[];
  /** Rows of one case: the expression is an aggregate or a window function over all of them. */
  readonly together?: boolean;
}

type Pool = Readonly<Record<string, readonly string[]>>;

const text = (value: string) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** A number in the digits of each script: Java reads those up to U+FFFF in decimals. */
const digitsOfScripts = (
  "30 660 6f0 7c0 966 9e6 a66 ae6 b66 be6 c66 ce6 d66 de6 e50 ed0 f20 1040 1090 17e0 1810 1946 19d0 1a80 1a90 1b50 1bb0 1c40 1c50 " +
  "a620 a8d0 a900 a9d0 a9f0 aa50 abf0 ff10 104a0 10d30 11066 110f0 11136 111d0 112f0 11450 114d0 11650 116c0 11730 118e0 11950 " +
  "11c50 11d50 11da0 16a60 16b50 1d7ce 1d7d8 1d7e2 1d7ec 1d7f6 1e140 1e2f0 1e950 1fbf0 10d40 11f50 1e4f0"
)
  .split(" ")
  .map((zero) => {
    const digit = (value: number) => String.fromCodePoint(Number.parseInt(zero, 16) + value);
    return text(`${digit(1)}${digit(9)}.${digit(0)}${digit(5)}`);
  });

/** Values of each type: nulls, bounds, empties, Unicode, leap days, half cents, signs. */
export const values: Pool = {
  int: ["null", "0", "1", "-1", "2", "3", "-7", "12", "100", "2147483647", "-2147483648"],
  "small int": ["null", "0", "1", "-1", "2", "3", "5", "-2", "-4", "31"],
  bigint: [
    "null",
    "0",
    "1",
    "-1",
    "7",
    "-3",
    "3000000000",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
  ],
  double: [
    "null",
    "0",
    "1",
    "-1",
    "0.5",
    "1.005",
    "2.675",
    "-2.5",
    "1e15",
    "123456789.125",
    "1e-7",
    "'NaN'",
    "'Infinity'",
    "-0.0",
  ],
  "decimal(12,2)": [
    "null",
    "0",
    "0.01",
    "-0.01",
    "1.00",
    "19.60",
    "-19.60",
    "0.05",
    "2.50",
    "9999999999.99",
    "-9999999999.99",
  ],
  "decimal(18,6)": [
    "null",
    "0",
    "1.005000",
    "-1.005000",
    "2.675000",
    "0.000001",
    "123456.789012",
    "-0.500000",
  ],
  "decimal(20,0)": ["null", "1", "3", "-7", "12345678901234567890"],
  string: [
    "",
    "a",
    " a b ",
    "Straße",
    "ÅNGSTRÖM",
    "naïve café",
    "日本語",
    "😀x",
    "a,b,,c",
    "O'Brien",
    "A-1_b%c",
    "\tx\n",
    "\u00a0x\u00a0",
    "null",
  ]
    .map(text)
    .concat("null"),
  boolean: ["true", "false", "null"],
  date: [
    "null",
    "'2026-03-01'",
    "'2024-02-29'",
    "'2023-02-28'",
    "'2025-12-31'",
    "'2026-01-31'",
    "'1969-12-31'",
    "'0001-01-01'",
    "'9999-12-31'",
    "'2026-11-30'",
  ],
  timestamp: [
    "null",
    "'2026-03-01 00:00:00'",
    "'2024-02-29 23:59:59.999999'",
    "'2026-03-01 12:30:15.5'",
    "'1969-12-31 23:59:59.5'",
    "'2026-01-31 10:00:00'",
    "'2026-02-28 09:59:59'",
    "'2025-12-31 23:00:00'",
    "'0001-01-01 00:00:00'",
    "'2026-03-31 10:00:00.000001'",
  ],
  "array<string>": [
    "null",
    "array()",
    "array('a')",
    "array('a', null, 'b', 'a')",
    "array(cast(null as string))",
    "array('x', 'x')",
    "array('', 'é', '日本')",
  ],
  "array<int>": [
    "null",
    "array()",
    "array(1)",
    "array(3, 1, null, 3, 2)",
    "array(cast(null as int))",
    "array(5, 5, 5)",
  ],
};

/** Texts of dates and instants, of numbers and of flags, taken and refused. */
const instants = [
  "2026-03-01",
  "2026-3-1",
  "2026-03",
  "2026",
  "202",
  "20260301",
  "2026-03-01 ",
  " 2026-03-01",
  "\u00a02026-03-01",
  "2026-02-29",
  "2024-02-29",
  "2026-02-30",
  "2026-13-01",
  "2026-00-10",
  "2026-01-00",
  "0000-01-01",
  "20226-01-01",
  "+20226-01-01",
  "-0044-03-15",
  "0044-03-15 BC",
  "2026-03-01 12",
  "2026-03-01 12:30",
  "2026-03-01 12:30Z",
  "2026-03-01Z",
  "2026-03-01T",
  "2026-03-01 12:30:",
  "2026-03-01 :30:00",
  "2026-03-01 12:30:00",
  "2026-03-01T12:30:00",
  "2026-03-01t12:30:00",
  "2026-03-01T12:30:00Z",
  "2026-03-01T12:30:00z",
  "2026-03-31T12:30:00Z",
  "2026-03-01 1:2:3",
  "2026-03-01 12:30:00.",
  "2026-03-01 12:30:00.1",
  "2026-03-01 12:30:59.123456789",
  "2026-03-29 23:59:59.999999Z",
  "2026-03-01 24:00:00",
  "2026-03-01 23:60:00",
  "2026-03-01 23:00:60",
  "2026-03-01  12:30:00",
  "2026-03-01 12:30:00 AM",
  "2026/03/01",
  "01.03.2026",
  "2026-03-01 12:30:00+01:00",
  "2026-03-01 12:30:00-05:30",
  "2026-03-01 12:30:00+1",
  "2026-03-01 12:30:00+1:5",
  "2026-03-01 12:30:00+0130",
  "2026-03-01 12:30:00+01:30:15",
  "2026-03-01 12:30:00+14:30",
  "2026-03-01 12:30:00+18:00",
  "2026-03-01 12:30:00+18:01",
  "2026-03-01 12:30:00+13:60",
  "2026-03-01 12:30:00+",
  "2026-03-01 12:30:00 Z",
  "2026-03-01 12:30:00 UTC",
  "2026-03-01 12:30:00 GMT",
  "2026-03-01 12:30:00 GMT0",
  "2026-03-01 12:30:00 GMT+2",
  "2026-03-01 12:30:00 UTC+02:00",
  "2026-03-01 12:30:00 UT-5",
  "2026-03-01 12:30:00 GMT+02:30:00",
  "2026-03-02 08:00:00 Asia/Tokyo",
  "2026-03-02 08:00:00Asia/Tokyo",
  "2026-03-02 08:00:00  Asia/Tokyo ",
  "2026-03-02 08:00:00 asia/tokyo",
  "2026-07-01 12:30:00 CET",
  "2026-01-01 12:30:00 CET",
  "2026-07-01 12:30:00 PST",
  "2026-03-01 12:30:00 IST",
  "2026-03-01 12:30:00 BST",
  "2026-07-01 12:30:00 EST5EDT",
  "2026-03-01 12:30:00 EST",
  "2026-03-01 12:30:00 HST",
  "2026-03-01 12:30:00 Etc/GMT+5",
  "2026-03-01 12:30:00 Mars/Phobos",
  "2026-03-29 02:30:00 Europe/Oslo",
  "2026-10-25 02:30:00 Europe/Oslo",
  "2026-10-25 01:59:59 Europe/Oslo",
  "2026-10-25 03:00:00 Europe/Oslo",
  "2026-03-08 02:30:00 America/New_York",
  "2026-11-01 01:30:00 America/New_York",
  "2026-04-05 01:45:00 Australia/Lord_Howe",
  "1900-01-01 00:00:00 Europe/Oslo",
  "infinity",
  "-infinity",
  "epoch",
  "now",
  "today",
  "yesterday",
  "tomorrow",
  "",
  " ",
  "null",
  "x",
  "0",
  "294247-01-10 04:00:54.775806",
  "294248-01-01 00:00:00",
  "9999-12-31 23:59:59",
  "0001-01-01 00:00:00",
  "2026-1-",
  "-2026-01-01",
  "2026-12-31 23:59:59.9999995",
  "1970-01-01 00:00:00.000001",
  "2026-03-01\t12:30:00",
  "2026-03-01 12:30:00\u0001",
];
const numbers = [
  "1",
  "+1",
  "-1",
  " 1 ",
  "\t1\n",
  "1.5",
  "-1.5",
  "1.",
  ".",
  "-",
  "+",
  "",
  " ",
  "1e3",
  "1E-2",
  "1_000",
  "1,5",
  "12,5",
  "0x1F",
  "0b1",
  "1d",
  "1f",
  "1D",
  "1L",
  "inf",
  "Infinity",
  "-inf",
  "+infinity",
  "nan",
  "NaN",
  "+nan",
  "\u00a01",
  "1 000",
  "1\u00a0000",
  "--1",
  "99999999999",
  "2147483647",
  "2147483648",
  "-2147483648",
  "-2147483649",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "1e40",
  "1e-400",
  ".5",
  "-.5",
  "+.5e1",
  "1e+3",
  "1e",
  "00012",
  "12.345",
  "-12.345",
  "12.3449999",
  "0.005",
  "-0.005",
  "0.0049999",
  "9999999999.99",
  "9999999999.994",
  "9999999999.995",
  "1e9",
  "1e10",
  "-0",
  "-0.001",
  "１２",
  "٣",
  "1e1e1",
  "1.5.2",
  "€5",
  "5%",
  "\u00011",
  "1\u001f",
  "abc",
  "null",
  "true",
  "12.3456789012345678901234567890123456789012345",
];
const flags = [
  "true",
  "false",
  "T",
  "f",
  "yes",
  "NO",
  "y",
  "n",
  "1",
  "0",
  " true ",
  "tru",
  "on",
  "off",
  "2",
  "",
  "+1",
  "\ttrue",
];

/** The shapes of expressions by the types of their columns; each is asked with values of the pool. */
const simple: readonly (readonly [types: string, expressions: string])[] = [
  [
    "string",
    "upper(a) | lower(a) | trim(a) | ltrim(a) | rtrim(a) | length(a) | md5(a) | a is null | a is not null | isnull(a) | isnotnull(a)",
  ],
  [
    "string",
    "ltrim('0', a) | rtrim('b ', a) | left(a, 2) | right(a, 2) | left(a, -1) | right(a, 0) | repeat(a, 2) | repeat(a, -1)",
  ],
  [
    "string",
    "replace(a, 'a', 'xy') | replace(a, '', 'x') | startswith(a, 'a') | endswith(a, '') | contains(a, 'b') | lpad(a, 4, '-') | rpad(a, 3, 'ab')",
  ],
  ["string", "a like '%a%' | a not like '_' | a like '' | a like 'A-1\\\\_b\\\\%c' | a like '%\\\\\\\\%'"],
  [
    "string",
    "a rlike '^[a-z ]+$' | a rlike '^.$' | a rlike 'é|ß' | a rlike '\\\\s' | a rlike '^[^\\\\w]*$' | not a rlike '[0-9]' | a rlike '(?:ab|b)+'",
  ],
  [
    "string",
    "regexp_replace(a, '[^a-z]', '') | regexp_replace(a, '(.)(.)', '$2$1') | regexp_replace(a, '[ ,]+$', '!') | regexp_replace(a, '^ *a', '<$0>')",
  ],
  [
    "string",
    "regexp_extract(a, '([a-z]+)') | regexp_extract(a, '([a-z])([a-z])?', 2) | regexp_extract(a, '[0-9]+', 0) | split(a, ',') | split(a, '[ ,]') | split(a, ',')[0]",
  ],
  [
    "string",
    "concat(a, '-', a) | a || 'x' | concat_ws('|', a, 'b', a) | concat_ws(a, 'x', 'y') | coalesce(a, 'none') | nullif(a, 'a') | ifnull(a, '') | nvl(a, 'z')",
  ],
  [
    "string",
    "case when a = 'a' then 1 else 2 end | case a when 'a' then 'x' when '' then 'y' end | if(a > 'b', a, 'b') | a in ('a', '', null) | a not in ('a', 'x') | a between 'a' and 'z'",
  ],
  [
    "string, string",
    "a = b | a <> b | a < b | a <= b | a > b | a >= b | a <=> b | a is distinct from b | concat(a, b) | greatest(a, b) | least(a, b) | replace(a, b, '-') | contains(a, b) | startswith(a, b) | endswith(a, b) | coalesce(a, b)",
  ],
  [
    "string, small int",
    "substring(a, b) | left(a, b) | right(a, b) | repeat(a, b) | lpad(a, b, 'é') | rpad(a, b, 'xy')",
  ],
  ["string, small int, small int", "substring(a, b, c)"],
  [
    "int",
    "-a | abs(a) | floor(a) | ceil(a) | round(a) | round(a, 1) | sign(a) | sqrt(a) | cast(a as bigint) | cast(a as double) | cast(a as decimal(12,2)) | cast(a as string) | cast(a as int) | try_cast(a as decimal(4,1)) | cast(a as decimal(4,1)) | a between 0 and 5 | a in (1, 2, null) | a is null",
  ],
  [
    "int, int",
    "a + b | a - b | a * b | a / b | a % b | mod(a, b) | pmod(a, b) | try_divide(a, b) | a = b | a <> b | a < b | a >= b | a <=> b | greatest(a, b) | least(a, b) | nullif(a, b) | if(a > b, a, b)",
  ],
  [
    "bigint",
    "-a | abs(a) | floor(a) | ceil(a) | round(a) | cast(a as int) | try_cast(a as int) | cast(a as double) | cast(a as string) | cast(a as decimal(38,10)) | cast(a as bigint) | try_cast(a as decimal(12,2)) | sqrt(a)",
  ],
  [
    "bigint, bigint",
    "a + b | a - b | a * b | a / b | a % b | mod(a, b) | pmod(a, b) | try_divide(a, b) | a = b | a < b | greatest(a, b)",
  ],
  ["bigint, int", "a + b | a / b | a = b | a > b | coalesce(a, b) | mod(a, b)"],
  [
    "double",
    "-a | abs(a) | floor(a) | ceil(a) | round(a) | round(a, 2) | round(a, 4) | sign(a) | sqrt(a) | cast(a as int) | cast(a as bigint) | try_cast(a as int) | cast(a as decimal(12,2)) | try_cast(a as decimal(12,2)) | cast(a as decimal(38,10)) | cast(a as double)",
  ],
  [
    "double, double",
    "a + b | a - b | a * b | a / b | a % b | mod(a, b) | try_divide(a, b) | a = b | a <> b | a < b | a <= b | a <=> b | greatest(a, b) | least(a, b)",
  ],
  [
    "decimal(12,2)",
    "-a | abs(a) | floor(a) | ceil(a) | round(a) | round(a, 1) | round(a, 2) | round(a, 5) | cast(a as int) | try_cast(a as int) | cast(a as bigint) | cast(a as double) | cast(a as string) | cast(a as decimal(12,0)) | cast(a as decimal(4,2)) | try_cast(a as decimal(4,2)) | a * 2 | a + 1 | a / 3 | a % 7 | a between 0 and 2.5 | a in (1, 2.5) | sign(a)",
  ],
  [
    "decimal(12,2), decimal(12,2)",
    "a + b | a - b | a * b | a / b | a % b | mod(a, b) | try_divide(a, b) | a = b | a < b | greatest(a, b) | a <=> b | coalesce(a, b)",
  ],
  [
    "decimal(12,2), decimal(18,6)",
    "a + b | a - b | a * b | a / b | a % b | a = b | a > b | least(a, b) | if(a > 0, a, b)",
  ],
  [
    "decimal(18,6)",
    "round(a, 2) | cast(a as decimal(12,2)) | cast(a as double) | floor(a) | cast(a as string)",
  ],
  ["decimal(12,2), int", "a + b | a * b | a / b | b / a | a = b | try_divide(a, b) | coalesce(a, b)"],
  [
    "decimal(12,2), bigint",
    "a / b | a * b | a - b | try_divide(a, b) | a < b | cast(a / b as decimal(10,4)) | try_cast(a / b as decimal(4,1)) | round(cast(try_divide(a, b) as decimal(38,10)), 2) | cast(cast(a / b as int) as string)",
  ],
  ["decimal(20,0), decimal(20,0)", "a / b | a + b | a - b"],
  ["decimal(12,2), double", "a + b | a * b | a / b | a < b"],
  [
    "boolean",
    "not a | a is true | a is not false | cast(a as int) | cast(a as string) | cast(a as boolean) | if(a, 1, 2) | a is null",
  ],
  ["boolean, boolean", "a and b | a or b | a = b | not (a and b) | a <=> b | coalesce(a, b)"],
  [
    "date",
    "year(a) | quarter(a) | month(a) | day(a) | dayofmonth(a) | dayofyear(a) | weekofyear(a) | weekday(a) | dayofweek(a) | last_day(a) | cast(a as string) | cast(a as timestamp) | cast(a as date)",
  ],
  [
    "date",
    "a + 1 | a - 1 | a + interval 1 day | a - interval 2 weeks | a + interval 1 month | a - interval 1 year | a + interval 36 hours | date_trunc('month', a) | date_trunc('week', a) | date_trunc('quarter', a) | date_trunc('year', a)",
  ],
  [
    "date",
    "date_format(a, 'yyyy-MM-dd') | date_format(a, 'EEEE') | date_format(a, 'MMM yyyy') | date_format(a, 'd.M.yyyy') | date_format(a, 'Q') | date_format(a, 'EEE, dd MMMM yy') | date_format(a, 'D \\'of\\' y') | date_format(a, 'QQQ DDD')",
  ],
  [
    "date",
    "a > '2025-01-01' | a in ('2026-03-01', '2024-02-29') | a between '2024-01-01' and '2026-01-31' | coalesce(a, date'2026-01-01') | a = date'2024-02-29'",
  ],
  [
    "date, date",
    "datediff(a, b) | date_diff(a, b) | a = b | a < b | greatest(a, b) | datediff(month, a, b) | timestampdiff(year, a, b) | months_between(a, b) | a <=> b",
  ],
  [
    "date, small int",
    "date_add(a, b) | date_sub(a, b) | add_months(a, b) | a + b | a - b | dateadd(day, b, a) | timestampadd(month, b, a)",
  ],
  [
    "timestamp",
    "year(a) | month(a) | day(a) | dayofmonth(a) | dayofyear(a) | weekofyear(a) | weekday(a) | dayofweek(a) | quarter(a) | hour(a) | minute(a) | second(a) | last_day(a) | unix_seconds(a) | unix_micros(a) | cast(a as date) | cast(a as string) | cast(a as timestamp) | to_date(a)",
  ],
  [
    "timestamp",
    "date_trunc('hour', a) | date_trunc('hour', a) <> timestamp'2026-03-01 12:30:15.25' | date_trunc('day', a) = timestamp'2026-03-01 00:00:00' | date_trunc('minute', a) | date_trunc('second', a) | date_trunc('day', a) | date_trunc('MM', a) | date_trunc('week', a) | a + interval 30 minutes | a - interval 1 hour | a + interval 1 month | a - interval 1 second",
  ],
  [
    "timestamp",
    "date_format(a, 'HH:mm:ss') | date_format(a, 'hh:mm a') | date_format(a, 'SSS') | date_format(a, 'H h m s SSSSSS') | date_format(a, 'yyyy-MM-dd\\'T\\'HH:mm:ss.SSS') | date_format(a, 'S SS') | a > '2026-01-01' | a >= '2026-03-01 12:30:15'",
  ],
  [
    "timestamp, timestamp",
    "months_between(a, b) | timestampdiff(hour, a, b) | timestampdiff(month, a, b) | datediff(day, a, b) | datediff(quarter, a, b) | timestampdiff(year, a, b) | timestampdiff(minute, a, b) | timestampdiff(second, a, b) | timestampdiff(week, a, b) | date_diff(day, a, b) | a = b | a < b | a <=> b",
  ],
  [
    "timestamp, small int",
    "timestampadd(hour, b, a) | timestampadd(month, b, a) | dateadd(day, b, a) | date_add(week, b, a) | timestampadd(second, b, a) | timestampadd(quarter, b, a) | timestampadd(microsecond, b, a)",
  ],
  ["timestamp, date", "a > b | a = b | coalesce(a, b) | greatest(a, b)"],
  [
    "array<string>",
    "size(a) | array_compact(a) | array_distinct(a) | array_contains(a, 'a') | concat_ws(',', a) | a[0] | a[1] | element_at(a, 1) | element_at(a, -1) | a is null | array_contains(a, cast(null as string)) | coalesce(a, array('z')) | array_append(a, 'z') | array_append(a, cast(null as string))",
  ],
  [
    "array<int>",
    "size(a) | array_compact(a) | array_distinct(a) | array_contains(a, 3) | a[2] | element_at(a, 4) | cast(a as array<bigint>) | cast(a as array<string>) | array_append(a, 3)",
  ],
  ["array<string>, small int", "a[b] | element_at(a, b)"],
  ["small int, small int", "sequence(a, b) | array(a, b, 1)"],
  [
    "string, string",
    "array(a, b, 'x') | array_compact(array(a, b)) | size(array(a, b)) | size(array_compact(array(a, nullif(b, 'a'))))",
  ],
  [
    "small int, small int, small int",
    "make_date(2000 + a, b, c) | case when a > b then c when a is null then b end | greatest(a, b, c) | coalesce(a, b, c)",
  ],
];

const given: readonly Question[] = [
  ...["int", "bigint", "double", "decimal(12,2)", "decimal(38,10)", "decimal(4,0)"].flatMap((type) => [
    of(`cast(a as ${type})`, ["string"], numbers.map(text)),
    of(`try_cast(a as ${type})`, ["string"], numbers.map(text)),
  ]),
  ...["cast", "try_cast"].flatMap((word) => [
    of(`${word}(a as boolean)`, ["string"], flags.map(text)),
    of(`${word}(a as date)`, ["string"], instants.map(text)),
    of(`${word}(a as timestamp)`, ["string"], instants.map(text)),
  ]),
  of("sequence(a, b)", ["bigint", "bigint"], ["1", "null", "3000000000"], ["3", "-1", "3000000002"]),
  ...["max_by(a, b)", "min_by(a, b)"].flatMap((expression) =>
    [
      [
        ["'x'", "1"],
        ["null", "9"],
        ["'y'", "5"],
        ["'z'", "null"],
      ],
      [
        ["'x'", "1"],
        ["'w'", "9"],
        ["null", "-5"],
      ],
      [["'x'", "null"]],
    ].map((rows): Question => ({ expression, types: ["string", "int"], rows, together: true })),
  ),
  of("cast(a as string)", ["decimal(2,2)"], ["0.01", "-0.99", "0", "null"]),
  of(
    "try_divide(a * a, b)",
    ["decimal(12,2)", "decimal(12,2)"],
    ["19.60", "-2.50", "99.99", "null"],
    ["0.05", "3", "0"],
  ),
  of("a / b", ["decimal(18,15)", "decimal(18,2)"], ["0.012345678901234", "-2.5", "null"], ["7", "0.03"]),
  // The quotient of a quotient has more digits than DuckDB's decimals.
  of(
    "try_cast(((a / cast(2.345 as decimal(18,6))) / try_cast(b as decimal(14,3))) as int)",
    ["decimal(12,2)", "int"],
    ["19.60", "-2.50", "9999999999.99", "null"],
    ["2", "-3", "0", "null"],
  ),
  // Around what is divided as BIGINT: the dividend's whole digits, the divisor's, and halves of the last digit.
  ...["a / b", "cast(a / b as decimal(22,2))", "cast(a / b as decimal(22,0))"].map((expression) =>
    of(
      expression,
      ["decimal(22,2)", "bigint"],
      [
        "9999999999999.99",
        "10000000000000.00",
        "-9999999999999.99",
        "-10000000000000.01",
        "0.01",
        "-0.05",
        "2.50",
      ],
      ["1", "7", "-7", "200", "9999999999", "10000000000", "9223372036854775807"],
    ),
  ),
  of(
    "cast(a / b as decimal(14,3))",
    ["decimal(18,6)", "decimal(14,3)"],
    ["99999.999999", "100000", "-99999.5", "0.000001", "-0.0005"],
    ["0.001", "2", "-2", "0.7", "99999999.999"],
  ),
  of("try_cast(a as decimal(12,2))", ["string"], digitsOfScripts),
  of("nullif(a, b)", ["decimal(12,2)", "decimal(18,6)"], ["1", "2.50", "null"], ["1", "7"]),
  of("datediff(a, a + b)", ["date", "int"], ["'2026-03-01'", "null"], ["3", "-400"]),
  of("round(a, 1)", ["bigint"], ["1", "-5", "null"]),
  ...["array<string>", "array<int>"].map((type) => ({
    expression: "explode(a)",
    types: [type],
    rows: values[type]!.map((value) => [value]),
    together: true,
  })),
  of("to_date(a)", ["string"], instants.slice(0, 20).map(text)),
  of("cast(a as string)", ["string"], values["string"]!),
  ...["d.M.yyyy", "yyyy-MM-dd", "dd/MM/yyyy", "M-d-yyyy"].flatMap((format) =>
    ["to_date", "try_to_date"].map((name) =>
      of(
        `${name}(a, '${format}')`,
        ["string"],
        [
          "4.3.2026",
          "04.03.2026",
          "31.12.2025",
          "29.2.2024",
          "29.2.2023",
          "4.3.26",
          "2026-03-04",
          "2026-3-4",
          "04/03/2026",
          "4/3/2026",
          "3-4-2026",
          " 4.3.2026",
          "4.3.2026 ",
          "",
          "x",
          "32.1.2026",
          "1.13.2026",
          "4.3.20260",
          "4.3.2026x",
        ].map(text),
      ),
    ),
  ),
  of(
    "datediff(month, cast(a as date), cast(b as date))",
    ["string", "string"],
    ["'2026-01-31'", "'2026-02-28'", "'2024-02-29'", "'2026-03-30'"],
    ["'2026-02-01'", "'2026-03-31'", "'2024-01-30'"],
  ),
  of("get_json_object(a, '$.f')", ["string"], jsons()),
  of("get_json_object(a, '$.f.g')", ["string"], jsons()),
  of("get_json_object(a, '$.f[1]')", ["string"], jsons()),
  of(
    "get_json_object(a, '$.f.$g')",
    ["string"],
    [
      ...jsons(),
      ...[
        '{"f":{"$g":"5"}}',
        '{"f":{"$g":1.50}}',
        '{"f":{"$g":{"h":1}}}',
        '{"$g":1}',
        '{"f":{"g":1,"$g":"é"}}',
      ].map(text),
    ],
  ),
  of("json_object_keys(a)", ["string"], jsons()),
  of(
    "sequence(cast(a as date), cast(b as date))",
    ["string", "string"],
    ["'2026-02-27'", "null", "'2026-03-01'"],
    ["'2026-03-02'", "'2026-02-26'", "'2026-03-01'", "null"],
  ),
  of("lower(a)", ["string"], ["ΑΣ", "ΑΣ ΣΑΣ", "Σ", "ΟΔΥΣΣΕΥΣ.", "İSTANBUL", "ﬃ ŉ", "ÀÉÎ"].map(text)),
  of("upper(a)", ["string"], ["ß", "ŉx", "ﬁne", "ΐ", "և", "ǰ", "ı i", "àéî", "ᾳ"].map(text)),
  of(
    "regexp_replace(a, '(..)-(..)-(..)', '$3.$2.$1')",
    ["string"],
    ["2026-03-01", "20-30-40-50-60", ""].map(text),
  ),
  of("regexp_replace(a, '[^0-9]', '')", ["string"], ["+47 22 33", "abc", "", "１2"].map(text)),
  of("split(a, ',')[0]", ["string"], ["a,b,c", ",", "", "a"].map(text)),
  of("a rlike 'x$'", ["string"], ["x", "x\n", "x\r\n", "x\n\n", "x\u2028", "xy"].map(text)),
  of("regexp_replace(a, 'x$', 'y')", ["string"], ["x", "x\n", "x\r\n", "x\n\n", "x\u2028", "xx"].map(text)),
  of("a rlike '^.*$'", ["string"], ["x", "x\n", "x\ny", "x\ry", "x\u0085y", ""].map(text)),
];

function jsons(): string[] {
  return [
    "{}",
    '{"f":"x"}',
    '{"f":null}',
    '{"f":1}',
    '{"f":1.50}',
    '{"f":true}',
    '{"f":{"g":"y"}}',
    '{"f":["a","b"]}',
    '{"g":1}',
    "",
    "x",
    "[1]",
    '{"f":"é\\"q"}',
    '{"f":"a","f":"b"}',
    '{"f":{"g":[1, 2]}}',
    '{"f":[1,{"h":2}]}',
    ' {"f" : "x" } ',
    '{"f":""}',
    '{"f":12345678901234567890}',
    "null",
  ].map(text);
}

function of(
  expression: string,
  types: readonly string[],
  ...columns: readonly (readonly string[])[]
): Question {
  return { expression, types, rows: combined(columns, 400) };
}

/** Every combination of the columns' values, up to so many, chosen evenly. */
function combined(columns: readonly (readonly string[])[], most: number): string[][] {
  const all = columns.reduce<string[][]>(
    (rows, column) => rows.flatMap((row) => column.map((value) => [...row, value])),
    [[]],
  );
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => all[Math.floor((index * all.length) / most)]!);
}

const aggregates: readonly (readonly [types: string, expressions: string])[] = [
  [
    "int",
    "count(*) | count(a) | count(distinct a) | sum(a) | avg(a) | min(a) | max(a) | count_if(a > 1) | sum(a) filter (where a > 0) | sum(distinct a)",
  ],
  ["bigint", "sum(a) | avg(a) | min(a)"],
  ["double", "sum(a) | avg(a) | min(a) | max(a)"],
  ["decimal(12,2)", "sum(a) | avg(a) | min(a) | max(a) | sum(a) / count(*) | round(avg(a), 2)"],
  ["boolean", "bool_and(a) | bool_or(a) | every(a) | some(a) | any(a) | count_if(a) | min(a)"],
  ["string", "min(a) | max(a) | count(distinct a) | count(a)"],
  ["date", "min(a) | max(a)"],
  ["timestamp", "min(a) | max(a)"],
  ["small int, small int", "sum(a * b) | max(a + b) | sum(a) over () | 1"],
];

const windows: readonly string[] = [
  "row_number() over (order by k)",
  "rank() over (order by a)",
  "dense_rank() over (order by a desc)",
  "lag(a) over (order by k)",
  "lag(a, 2) over (order by k)",
  "lead(a, 1, 9) over (order by k)",
  "lag(a, 1, 0) over (order by k)",
  "lead(a) over (partition by b order by k)",
  "lead(a, 2) over (order by k)",
  "first_value(a) over (order by k)",
  "last_value(a) over (order by k)",
  "sum(a) over (order by k)",
  "sum(a) over (partition by b order by k)",
  "avg(a) over (order by k rows between 1 preceding and current row)",
  "max(a) over (order by k rows between unbounded preceding and unbounded following)",
  "count(*) over (partition by b)",
  "min(a) over (order by b range between unbounded preceding and current row)",
  "rank() over (partition by b order by a nulls last)",
  "avg(cast(a as decimal(12,2))) over (partition by b)",
  "count(a) over (order by k rows 2 preceding)",
];

const pooled = (type: string) => values[type.trim()]!;
const sqlType = (type: string) => (type.trim() === "small int" ? "int" : type.trim());

export const questions: readonly Question[] = [
  ...simple.flatMap(([types, expressions]) => {
    const names = types.split(/, (?![0-9])/);
    const most = names.length === 1 ? 40 : 30;
    return expressions.split(" | ").map((expression): Question => ({
      expression,
      types: names.map(sqlType),
      rows: combined(names.map(pooled), most),
    }));
  }),
  ...given,
  ...aggregates.flatMap(([types, expressions]) => {
    const names = types.split(/, (?![0-9])/);
    return expressions
      .split(" | ")
      .filter((expression) => expression !== "1")
      .flatMap((expression): Question[] => {
        const rows = combined(names.map(pooled), 40).filter(
          (row) => !row.some((value) => /2147483|922337|NaN|Inf|9999999999/.test(value)),
        );
        const some = { expression, types: names.map(sqlType), together: true };
        return [
          { ...some, rows },
          { ...some, rows: rows.slice(0, 3) },
          { ...some, rows: [names.map(() => "null")] },
        ];
      });
  }),
  ...windows.map((expression): Question => ({
    expression,
    types: ["int", "int", "int"],
    rows: [
      ["1", "1", "1"],
      ["null", "1", "2"],
      ["3", "2", "3"],
      ["3", "2", "4"],
      ["-1", "null", "5"],
      ["2", "null", "6"],
      ["null", "2", "7"],
    ],
    together: true,
  })),
];

/** The select that asks a question of some rows, in Databricks' dialect. */
export function selectOf(
  { expression, types, together }: Question,
  rows: readonly (readonly string[])[],
): string {
  const names = together && expression.includes("over (") ? ["a", "b", "k"] : ["a", "b", "c"];
  const lines = rows.map((row, index) => {
    const cells = row.map((value, at) => `cast(${value} as ${types[at]}) as ${names[at]}`);
    return `select ${[`${index} as n`, ...cells].join(", ")}`;
  });
  const number = together && !/over \(|explode\(/.test(expression) ? "" : "n, ";
  const order = number ? " order by n" : "";
  return `select ${number}${expression} as v from (${lines.join(" union all ")}) as given${order}`;
}
