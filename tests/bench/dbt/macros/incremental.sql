{# When this run began. #}
{% macro now() -%}
  timestamp '{{ run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f') }}'
{%- endmacro %}

{# What has come since this model ran last: a constant, so that DuckDB passes over the row groups before it. #}
{% macro since(column='loaded_at') -%}
  {%- if execute and is_incremental() -%}
    timestamp '{{ run_query("select coalesce(max(" ~ column ~ "), timestamp '1970-01-01') from " ~ this).columns[0][0] }}'
  {%- else -%}
    timestamp '1970-01-01'
  {%- endif -%}
{%- endmacro %}
