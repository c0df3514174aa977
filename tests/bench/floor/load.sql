-- Bronze: one new file, appended as it is, every column as text.
insert into bronze.{entity}_raw
select *, null, $name, row_number() over (), getvariable('now')
from read_csv($path, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');
